"""The chain of custody: who did what with each file, when, in a log whose changes can be detected.

- `chain` computes the hashes, without any I/O; `entries` makes the entries; `log` stores the entries, and empties
  those of erased files.
- `pack` writes a tip's files with everything that a court needs; `manifest` and `certificate` are parts of a pack.
- `audit` verifies the log of a live store, and `verify_pack` a pack; neither needs a key.

Start with `chain`.
"""
