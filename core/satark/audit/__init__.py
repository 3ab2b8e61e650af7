"""The audit log: who at which desk did what, and with which tip. Its readers are auditors and the desks above.

- `acts` says what an act is, and how it is signed and padded; `keys` holds the keys that acts are sealed to and signed
  with, and who has them.
- `trail` records what one officer does; `reading` opens and checks the log for those who may read it; `witness` notes
  the log's head as each desk saw it, so that a cut-off log is detected.

The rows are in the custody log (`satark.custody`), whose hash chains are the only ones. Every signature covers the hash
that the log ended with, so each act vouches for all rows before it, those of tips and of other desks too.
"""
