"""Event handlers. `dispatch` finds the handler of an inbound event: a tap, a correction, a voice note at a choice.

`text_messages` recognises a code, a command, an option or a whole tip in a typed text. `understood_texts` handles
all others by their reading. `commands` carries out commands. `form_pages` handles several answers at once.
"""
