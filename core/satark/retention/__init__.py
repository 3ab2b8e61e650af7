"""Retention: how long tips are kept, and their erasure.

- `schedule` says when a tip is due, by its status and category, and stores this day, sealed, for the scheduled job.
- `erasure` erases tips and records the erased ones, so that a restored backup brings none of them back.

The statuses of tips are sealed. So the desks work out when a tip is due, and seal this day to a key that only the
scheduled job opens: whoever reads the database does not learn whether a tip was acted upon or is held.
"""
