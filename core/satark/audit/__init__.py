"""The audit log: which officer of which desk did what, and with which tip. Auditors and the desks above read it.

- `acts` defines an act, its signature and its padding; `keys` has the keys that acts are sealed to and signed with, and
their holders.
- `trail` records what one officer does; `reading` opens and checks the log for those who may read it; `witness` notes
  the log's head as each desk saw it, so that a cut-off log is detected.

The rows are in the custody log (`satark.custody`), whose hash chains are the only ones. Every signature covers the hash
that the log ended with, so each act vouches for all rows before it, even those of tips and of other desks.
"""
