"""Offices of their own: desks that see nothing of this host but what a carrier brings them.

The host keeps every tip. An office keeps a copy of its desk's tips in a store of its own, and works on it with the same
casework, pages and commands. Four rules make that safe on a carrier that nobody trusts:

1. **All that travels is cells** (`cells.py`): equal in size, sealed to the machine that they are for, signed by the one
   that they are from. A carrier sees how many there are, and when.
2. **The host sends a tip whole** (`letters.py`, `dispatch.py`): its envelope, document, thread and list of files, every
   time that anything comes to it. Letters may be lost, doubled or overtaken; the newest one heals it all.
3. **Files go once**, in numbered pieces, and are put together when all of them are there (`arrivals.py`).
4. **An answer is kept at the office until the host has sent it back** in the tip's thread (`casework/uplink.py`). It is
   signed with a key that only an opened desk has, and taken once, by its id (`answers.py`). A tip's next answer waits
   for it.
"""
