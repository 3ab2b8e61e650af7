"""The dialogue states: each puts one question and handles the answers to it.

`draft` asks the flow's own questions; `menus` are the questions beside it (language, cancel, restart, details, contact);
`mailbox` is what a receipt code opens; `handoff` moves a draft to another channel. `registry` lists all of them by name.
`unsolicited` keeps what tipsters send without being asked.
"""
