"""Read, without Alembic, the revisions of a database and the revisions that this program needs.

Every start compares both, and few starts have to migrate. Alembic would take a tenth of a start's time, and 10 MB for
as long as the process runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, column, inspect, select, table

_READ: Final = ("revision", "down_revision")


def stored(engine: Engine, versions: str) -> Sequence[str]:
    """Return the revisions in a database's table of versions; none if there is no such table."""
    if not inspect(engine).has_table(versions):
        return []
    with engine.connect() as connection:
        return connection.execute(select(column("version_num")).select_from(table(versions))).scalars().all()


def heads(folders: Iterable[Path]) -> list[str]:
    """Return the revisions in these folders that no other revision follows, without running their files."""
    files = [path for folder in folders for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    found = [_assigned(path.read_text("utf-8")) for path in files]
    followed = {name for one in found for name in _names(one.get("down_revision"))}
    return [one["revision"] for one in found if one.get("revision", "") not in {"", *followed}]


@cache
def _assigned(source: str) -> Mapping[str, Any]:
    """Return the values of the variables that give a revision's place, read from the revision's source."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id in _READ:
                found[target.id] = ast.literal_eval(node.value)
    return found


def _names(value: str | Sequence[str] | None) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or []
