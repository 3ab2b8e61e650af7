"""The store, on SQLite or PostgreSQL: tables, migrations, queries by table, and the one writer of a process.

Start with `tables`, then `unit_of_work.py` (one transaction) and `writer.py` (group commit). Content is sealed
before it comes here: see `satark.identity`.
"""
