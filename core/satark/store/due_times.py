"""The time at which a reply, a delivery or a file is due.

If a clock is ahead and then set back, the due times that it gave lie far in the future, and tips would wait for these
times. So each row also stores how many seconds it was meant to wait.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import update

from satark.store.tables import delivery, file, outbox
from satark.store.unit_of_work import UnitOfWork

CLOCKS_APART: Final = 60
"""Seconds by which the clocks of two processes may differ."""


def due_in(seconds: float, now: int) -> dict[str, int]:
    """Return the columns `due_at` and `wait` of a row that is due in so many seconds."""
    return {"due_at": now + int(seconds), "wait": int(seconds)}


def shorten_waits(unit: UnitOfWork) -> None:
    """Shorten each wait whose rest is longer than the wait that its row stores."""
    for table in (outbox, delivery, file):
        row = table.c
        too_late = (row.due_at > unit.now + CLOCKS_APART, row.due_at > unit.now + CLOCKS_APART + row.wait)
        unit.main.execute(update(table).where(row.state == "due", *too_late).values(due_at=unit.now + row.wait))
