"""Retention: how long tips are kept, and their erasure.

- `schedule` says when a tip is due, by its status and category, and stores that, sealed, for the scheduled job.
- `erasure` erases tips; `erased_list` remembers which, so that a restored backup brings none of them back.

The statuses of tips are sealed. So the desks work out when a tip is due, and seal it to a key that only the scheduled
job opens: whoever reads the database learns of no tip whether it was acted upon, nor whether it is held.
"""
