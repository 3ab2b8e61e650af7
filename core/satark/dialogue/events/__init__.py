"""Event handlers. `dispatch` finds the handler of an inbound event: a tap, a correction, a voice note at a choice.

`text_messages` finds out what a typed text is: a code, a command, an option, a whole tip. `words` handles all other
texts by what the understanding reads in them. `commands` carries commands out. `form_pages` handles several answers at
once.
"""
