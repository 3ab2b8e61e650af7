"""The canary searches the processes of an installation, and the values of deleted rows."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from satark_testing.canary.places import DeletedRows, files_of_process, sqlite_files

VALUE = bytes(range(64))


def test_the_command_line_and_environment_of_a_process_are_searched() -> None:
    found = files_of_process(os.getpid())
    assert any(b"pytest" in content for content in found.values())


def test_the_rest_of_a_deleted_row_is_found_until_it_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "satark.db"
    urls = (f"sqlite:///{file}", f"sqlite:///{tmp_path / 'keys.db'}")
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("CREATE TABLE outbox (id INTEGER, body BLOB)")
    database.execute("INSERT INTO outbox VALUES (1, ?)", (VALUE,))
    rows = DeletedRows(urls)
    rows.look()
    assert VALUE in rows.seen
    assert rows.left() == []
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("DELETE FROM outbox")
    assert any(VALUE in content for content in sqlite_files(urls).values())
    assert "a deleted row of outbox in satark.db" in rows.left()
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert rows.left() == []
