"""The store: tables, migrations, and the one writer. SQLite and PostgreSQL behind one seam."""
