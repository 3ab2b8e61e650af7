"""Remote offices: desks on machines of their own, which learn of this host only what a carrier brings them.

The host stores every tip. An office stores copies of its desk's tips and works on them with the same casework, pages
and commands. Four rules make that safe over a carrier that nobody trusts:

1. Everything travels in padded frames (`frames.py`): all of one size, sealed to the receiving machine and signed by the
   sending one. The carrier sees how many frames there are, and when.
2. The host sends the complete state of a tip each time it changes: envelope, document, thread, list of files
   (`messages.py`, `host_outbox.py`). Messages may be lost, repeated or reordered; the newest one is enough.
3. A file is sent once, in numbered chunks, and is assembled when all chunks have arrived (`office_inbox.py`).
4. An answer stays in the office's outbox (`office_outbox.py`) until the host has sent it back in the tip's thread. It
   is signed with a key that only an opened desk has, and accepted once, by its id (`host_inbox.py`). The office sends
   its next answer to the same tip only after that.

Start with `messages.py`; `offices.py` and `link_keys.py` register the two sides with each other.
"""
