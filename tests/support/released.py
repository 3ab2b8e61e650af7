"""`python -m support.released`: write down the databases and revisions of the version that is about to be released.

They stay as they are from then on: `tests/store/test_released_revisions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from satark.plugins.loader import Plugins
from satark.store import tables
from satark.store.migrations import revisions
from satark_desk.tables import metadata as desk_tables
from satark_police_system.answers import metadata as police_tables
from support.release import RELEASED, ROOT, declared_version, revision_files

DATABASES: Final = {"main": (tables.main, desk_tables, police_tables), "keys": (tables.keys,)}
VERSIONS: Final = {"main": "alembic_version", "keys": "alembic_version_keys"}


def statements(database: str, heads: Sequence[str]) -> Iterator[str]:
    """Yield the statements that make a database as it is now, for SQLite."""
    for metadata in DATABASES[database]:
        for table in metadata.sorted_tables:
            indexes = sorted(table.indexes, key=lambda one: str(one.name))
            parts: list[CreateTable | CreateIndex] = [CreateTable(table), *(CreateIndex(one) for one in indexes)]
            for made in parts:
                yield re.sub(r"\s*\n\s*", "\n", str(made.compile(dialect=sqlite.dialect())).strip())
    versions = VERSIONS[database]
    key = f"CONSTRAINT {versions}_pkc PRIMARY KEY (version_num)"
    yield f"CREATE TABLE {versions} (version_num VARCHAR(32) NOT NULL, {key})"
    yield from (f"INSERT INTO {versions} VALUES ('{head}')" for head in heads)  # noqa: S608 - names of revisions


def write_down(folder: Path) -> None:
    """Write down the present databases and revisions."""
    folder.mkdir(parents=True)
    branches = [branch.folder for branch in Plugins.load(["desk", "police_system"]).migrations()]
    core = ROOT / "core/satark/store/migrations"
    heads = {"main": revisions.heads([core / "main", *branches]), "keys": revisions.heads([core / "keys"])}
    for database, found in heads.items():
        (folder / f"{database}.sql").write_text("".join(f"{one};\n" for one in statements(database, found)))
    listed = (f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}\n" for path in revision_files(ROOT))
    (folder / "revisions.sha256").write_text("".join(listed))


if __name__ == "__main__":
    write_down(ROOT / RELEASED / declared_version(ROOT))
