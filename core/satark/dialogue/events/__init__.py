"""Event handlers: one module for each kind of inbound event. Start with `dispatch`.

`text_messages` finds out what a typed text is (a code, a command, an option, an answer); `commands` carries commands
out; `taps` handles buttons, `corrections` edited and revoked messages, `form_pages` and `complete_tip` several answers
at once. `surrogates` repairs broken texts first.
"""
