"""E-mail sink: notifications without content, and tips encrypted to OpenPGP keys.

Start with `sink`, which chooses what to send. `mime` builds the messages, `smtp` sends them, and `bounces` handles mail
that comes back.
"""
