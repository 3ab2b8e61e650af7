"""A revision that was released stays as it is: databases stand at it, and the next revision begins with them.

`released/<version>/` holds `revisions.sha256`, as `sha256sum` prints it, and both databases as that version made them,
written by `python -m support.released`. `make release` refuses a revision that is in no such folder.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text

from satark.plugins.loader import Plugins
from satark.store.migrations import Migrations
from support.release import RELEASED, ROOT
from support.released import DATABASES, VERSIONS, write_down
from support.store import opened_services


@pytest.fixture(params=["today", *sorted(path.name for path in (ROOT / RELEASED).glob("*"))])
def released(request: Any, tmp_path: Path) -> Path:
    """The folder of each released version, and that of today as the next release writes it."""
    if request.param != "today":
        return ROOT / RELEASED / str(request.param)
    write_down(tmp_path / "released")
    return tmp_path / "released"


def test_a_released_revision_is_never_changed(released: Path) -> None:
    for line in (released / "revisions.sha256").read_text().splitlines():
        digest, name = line.split("  ")
        changed = f"{name} was released with {released.name}: write another revision"
        assert sha256((ROOT / name).read_bytes()).hexdigest() == digest, changed


@pytest.mark.slow("whole databases")
def test_databases_of_a_released_version_become_those_of_today(released: Path, databases: Any, tmp_path: Path) -> None:
    services = opened_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    migrations = Migrations(services.main, services.keys, Plugins.load(["desk", "police_system"]).migrations())
    for database, engine in (("main", services.main), ("keys", services.keys)):
        _make(engine, (released / f"{database}.sql").read_text())
    assert migrations.problem(upgrades=True) == ""
    migrations.upgrade()
    assert not migrations.pending()
    for database, engine in (("main", services.main), ("keys", services.keys)):
        assert not _differences(engine, database)
    services.close()


def _make(engine: Engine, written: str) -> None:
    if engine.dialect.name == "postgresql":
        written = written.replace(" BLOB", " BYTEA").replace("WITHOUT ROWID", "")
    with engine.begin() as connection:
        for statement in filter(str.strip, written.split(";\n")):
            connection.execute(text(statement))


def _differences(engine: Engine, database: str) -> list[Any]:
    wanted = MetaData()
    for metadata in DATABASES[database]:
        for table in metadata.sorted_tables:
            table.to_metadata(wanted)
    with engine.connect() as connection:
        options = {"version_table": VERSIONS[database], "compare_type": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), wanted)
    changes = [one for group in found for one in (group if isinstance(group, list) else [group])]
    return [one for one in changes if "comment" not in one[0]]  # `released/` has no comments
