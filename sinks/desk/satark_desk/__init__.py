"""The desk: queues of the police desks, their officers and keys, commands, and the officers' web pages.

Start with `plugin` (hooks). `sink` queues delivered tips, `officers` unlocks a desk, `*_commands` are `satark desk`,
and `web` holds the pages. The desks' work on tips is in the core: `satark.casework`.
"""
