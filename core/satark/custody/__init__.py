"""Custody: who did what with a file and when, in a chain that shows every change; packs for a court; their verifiers.

`chain` is the arithmetic, pure; `log` keeps the rows in the store; `audit` verifies a live store, without any key.
"""
