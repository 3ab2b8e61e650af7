"""The roster: who may read (desks, their keys and levels, their officers, destinations), and who said so.

- `entries` defines entries and the bytes that their signatures cover; `rules` decides which signatures an entry needs;
`state` computes who may read from all entries.
- `chain` stores the entries, hash-chained, in the key store, and verifies them; `roster` keeps this machine's own copy
  of them and gives the verified state to whoever seals.
- `proposals` stores entries that still need a signature.

Until the roster is closed (with the first tip, or `satark roster seal`) entries need no signature: the founding.
"""
