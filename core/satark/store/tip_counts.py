"""Counts of the accepted tips, by day, in both databases. If one is an older copy, its count is lower than the other's.

A process counts in rows of its own, and in new rows after each fault of a database. So a row has one history: of two
copies, the larger is the newer, even after a restore. The process itself remembers what it counted, so that nobody who
writes rows lowers a count before this machine has noted it.

All desks of an accepted tip can open it, or the list of erased tips has it, which nobody without the name key can
extend. So any other deletion of a tip, or of a desk's key of it, shows.
"""

from collections import Counter
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine, Table, delete, select, text

from satark.store import envelopes
from satark.store.tables import envelope, tip_count, tip_witness
from satark.store.unit_of_work import UnitOfWork

Counts: TypeAlias = Counter[tuple[int, str]]
"""Day and process → number of tips."""
_REMEMBERED: Final = "satark_counted_tips"
_ADD: Final = [
    text(f"INSERT INTO {to} VALUES (:day, :process, :n) ON CONFLICT (day, process) DO UPDATE SET tips = {to}.tips + :n")  # noqa: S608
    for to in (tip_count, tip_witness)
]


def remembering(main: Engine) -> Engine:
    """Return the engine of the main database with this process's memory of what it counted."""
    return main.execution_options(**{_REMEMBERED: Counter()})


def remembered(main: Engine | Connection) -> Counts:
    """Return what this process counted in its own rows. Whoever removes from it is no longer told of a loss."""
    counts: Counts = main.get_execution_options()[_REMEMBERED]
    return counts


def count(unit: UnitOfWork, tip_id: str) -> None:
    """Count a tip in this transaction. If it is accepted again after a crash, the key store counts it only once."""
    if not unit.taken_tips:
        unit.run_last(lambda: _write(unit))
    is_known = envelopes.exist(unit.keys, tip_id)
    if is_known:  # it may have other holders now
        unit.keys.execute(delete(envelope).where(envelope.c.tip == tip_id))
    unit.taken_tips.append(not is_known)


def _write(unit: UnitOfWork) -> None:
    row, taken = {"day": unit.day, "process": unit.process}, len(unit.taken_tips)
    unit.main.execute(_ADD[0], {**row, "n": taken})
    counted = remembered(unit.main)
    unit.run_after(lambda: counted.update({(unit.day, unit.process): taken}))
    if new := sum(unit.taken_tips):
        unit.keys.execute(_ADD[1], {**row, "n": new})


def read(connection: Connection, table: Table) -> Counts:
    """Return the counts in one of the two tables."""
    return Counter({(row.day, row.process): row.tips for row in connection.execute(select(table))})


def erased_entry(keys: Connection | Engine, link: bytes) -> bytes:
    """Return a tip's entry in the list of erased tips: its keyed link, and a tag of the link under the name key."""
    return link + envelopes.tag(keys, link.hex(), "erased")
