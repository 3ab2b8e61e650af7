"""The dialogue states: each puts one question and handles the answers to it.

`draft` asks the flow's own questions; `menus` are the questions beside it (language, cancel, restart, details);
`mailbox` is what a receipt code opens; `handoff` moves a draft to another channel. `registry` lists them all by name,
and `unsolicited` keeps what tipsters send without being asked.
"""
