"""When a row is due: a reply, a delivery, a file.

A clock that was ahead stored due times that are far away once it is set back. Nobody waits for that: no tip, no file of
one, no reply. So each row says too how many seconds it was to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import update

from satark.store.tables import delivery, file, outbox

if TYPE_CHECKING:
    from satark.store.unit_of_work import UnitOfWork

CLOCKS_APART: Final = 60
"""Seconds by which the clocks of two processes may differ."""


def due_in(seconds: float, now: int) -> dict[str, int]:
    """Return the columns of a row that is due in so many seconds."""
    return {"due_at": now + int(seconds), "wait": int(seconds)}


def shorten_waits(unit: UnitOfWork) -> None:
    """Let no row wait longer from now than it was to wait when that was said."""
    for table in (outbox, delivery, file):
        row = table.c
        too_late = (row.due_at > unit.now + CLOCKS_APART, row.due_at > unit.now + CLOCKS_APART + row.wait)
        unit.main.execute(update(table).where(row.state == "due", *too_late).values(due_at=unit.now + row.wait))
