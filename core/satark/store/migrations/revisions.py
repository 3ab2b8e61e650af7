"""Reads and stores a database's revisions, and reads those that this program needs, without Alembic.

Every start compares both, and few starts have to migrate. Alembic would take a tenth of a start's time, and 10 MB for
as long as the process runs.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select

_READ: Final = ("revision", "down_revision")


def stored(connection: Connection, versions: str) -> Sequence[str]:
    """Return the revisions in a database's table of versions; none if there is no such table."""
    if not inspect(connection).has_table(versions):
        return []
    return connection.execute(select(_table(versions))).scalars().all()


def store(connection: Connection, versions: str, revisions: Sequence[str]) -> None:
    """Add revisions to a database's table of versions; create the table if necessary."""
    table = _table(versions)
    table.create(connection, checkfirst=True)
    if revisions:
        connection.execute(insert(table).values([{"version_num": revision} for revision in revisions]))


def _table(versions: str) -> Table:
    """Return the table of versions as Alembic makes it."""
    key = PrimaryKeyConstraint("version_num", name=f"{versions}_pkc")
    return Table(versions, MetaData(), Column("version_num", String(32), nullable=False), key)


def names(folder: Path) -> set[str]:
    return {one["revision"] for one in _read(folder) if "revision" in one}


def up_to(folder: Path, stored: Iterable[str]) -> set[str]:
    """Return which of a folder's revisions a database with the revisions `stored` has, those before them too."""
    before = {one["revision"]: _names(one.get("down_revision")) for one in _read(folder) if "revision" in one}
    found, waiting = set[str](), [name for name in stored if name in before]
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += [one for one in before.get(name, ()) if one not in found]
    return found


def heads(folders: Iterable[Path]) -> list[str]:
    """Return the revisions in these folders that no other revision follows. Their files are not run."""
    found = [one for folder in folders for one in _read(folder)]
    followed = {name for one in found for name in _names(one.get("down_revision"))}
    return [one["revision"] for one in found if one.get("revision", "") not in {"", *followed}]


def _read(folder: Path) -> list[Mapping[str, Any]]:
    return [_assigned(path.read_text("utf-8")) for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]


@cache
def _assigned(source: str) -> Mapping[str, Any]:
    """Return the variables that tell a revision's place in the order, read from its source."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id in _READ:
                found[target.id] = ast.literal_eval(node.value)
    return found


def _names(value: str | Sequence[str] | None) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or []
