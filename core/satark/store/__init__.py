"""The store, on SQLite or PostgreSQL: tables, migrations, the queries of each table, and a process's one writer.

Start with `tables`, then `unit_of_work.py` (one transaction) and `writer.py` (group commit). Content is sealed
before this package gets it: see `satark.identity`.
"""
