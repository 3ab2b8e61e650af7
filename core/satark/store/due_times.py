"""Due times that a clock stored while it was ahead: what nothing put off is due now, and not once the time comes again.

Nobody waits for a clock that is set back: no tip, no file of one, no reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Table, update

from satark.store.deliveries import WAITING_FOR_FILES
from satark.store.tables import delivery, file, outbox

if TYPE_CHECKING:
    from satark.store.unit_of_work import UnitOfWork

LATEST: Final = {outbox: 60, delivery: 120, file: 1200}
"""Table → seconds from now within which everything in it is due that no attempt put off: what is new is due at once,
and a claim lasts ten seconds on a reply, thirty on a delivery, a quarter of an hour on a file."""


def make_due(unit: UnitOfWork, files_wait: float) -> None:
    """Make due now what is due later than it can be.

    What an attempt put off has a reason, and waits as that attempt said.

    Args:
        unit: the transaction.
        files_wait: most seconds that a delivery waits for files of its tip.
    """
    for table, latest in LATEST.items():
        _make_due(unit, table, table.c.reason == "", latest)
    _make_due(unit, delivery, delivery.c.reason == WAITING_FOR_FILES, LATEST[delivery] + int(files_wait))


def _make_due(unit: UnitOfWork, table: Table, which: ColumnElement[Any], seconds: int) -> None:
    late = (table.c.state == "due", table.c.due_at > unit.now + seconds, which)
    unit.main.execute(update(table).where(*late).values(due_at=unit.now))
