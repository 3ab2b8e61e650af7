"""Counts of the tips that were taken, by day, in both databases: an older copy of one has fewer than the other.

A process counts in rows of its own, and in new ones after each fault of a database. So a row has one history, and of
two copies of it the larger is the newer, whatever was counted since a restore.
"""

from collections import Counter
from typing import Final, TypeAlias

from sqlalchemy import Connection, Table, select, text

from satark.store import bulk
from satark.store.tables import envelope, tip_count, tip_witness
from satark.store.unit_of_work import UnitOfWork

Counts: TypeAlias = Counter[tuple[int, str]]
"""Day and process → number of tips."""
_ADD: Final = [
    text(f"INSERT INTO {to} VALUES (:day, :process, :n) ON CONFLICT (day, process) DO UPDATE SET tips = {to}.tips + :n")  # noqa: S608
    for to in (tip_count, tip_witness)
]


def count(unit: UnitOfWork, tip: str) -> None:
    """Count a tip with this transaction; in the key store only once, if it is taken again after a crash."""
    if not unit.taken_tips:
        unit.run_last(lambda: _write(unit))
    unit.taken_tips.append(not bulk.select(unit.keys, (envelope.c.tip,), envelope.c.tip, [tip], lock=False))


def _write(unit: UnitOfWork) -> None:
    row = {"day": unit.day, "process": unit.process}
    unit.main.execute(_ADD[0], {**row, "n": len(unit.taken_tips)})
    if new := sum(unit.taken_tips):
        unit.keys.execute(_ADD[1], {**row, "n": new})


def read(connection: Connection, table: Table) -> Counts:
    """Return the counts in one of the two tables."""
    return Counter({(row.day, row.process): row.tips for row in connection.execute(select(table))})
