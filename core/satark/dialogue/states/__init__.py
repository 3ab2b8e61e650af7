"""The dialogue states: each puts one question and handles the answers to it. `engine.STATES` lists them by name.

`draft` asks the flow's own questions; `menus` are the questions beside it (language, cancel, restart, details, words
that identify the tipster); `mailbox` is what a receipt code opens; `handoff` moves a draft to another channel.
`stories` keeps what tipsters tell without being asked.
"""
