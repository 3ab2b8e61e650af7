"""The dialogue states: each puts one question and handles the answers to it. `engine.STATES` lists them by name.

`draft` asks the flow's own questions; `menus` are the questions beside it (language, cancel, restart, details, words
that identify the tipster); `mailbox` shows the messages that a receipt code opens; `handoff` moves a draft to another
channel. `stories` keeps stories and files that tipsters send without being asked.
"""
