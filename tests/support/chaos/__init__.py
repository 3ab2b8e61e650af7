"""Chaos: citizens send tips while processes are killed, databases and Meta fail, disks fill and clocks jump.

A ledger that Satark never sees notes what each citizen sent and to whom it belongs; at the end the desks' own lists are
held against it.
"""
