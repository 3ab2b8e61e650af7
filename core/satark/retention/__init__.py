"""Retention: how long tips are kept, and their erasure.

- `schedule` computes when a tip is due, by its status and category, and stores this day for the scheduled job.
- `erasure` erases tips and records the erased ones, so that a restored backup brings none of them back.

The statuses of tips are sealed. So the desks compute when a tip is due, and seal this day to a key that only the
scheduled job has. Nobody who reads the database learns whether a tip was acted upon or is held.
"""
