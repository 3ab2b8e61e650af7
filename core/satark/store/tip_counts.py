"""Counts of the accepted tips, by day, in both databases. If one is an older copy, its count is lower than the other's.

A process counts in rows of its own, and in new rows after each fault of a database. So a row has one history: of two
copies, the larger is the newer, even after a restore. This machine's memory has what a process counted (`Remembered`),
so that nobody who writes rows lowers a count before this machine has noted it.

All desks of an accepted tip can open it, or the list of erased tips has it, which nobody without the name key can
extend. So any other deletion of a tip, or of a desk's key of it, shows.
"""

import os
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path
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


class Remembered:
    """What this process counted in the key store, also in a file in this machine's memory, which outlives the process.

    So neither a killed process nor a main database that fails at its commit forgets a tip.
    """

    def __init__(self, file: Path) -> None:
        self._own: Counts = Counter()
        self._file = file

    def add(self, day: int, process: str, tips: int) -> None:
        self._own[day, process] += tips
        with suppress(OSError):  # a full disk: while it lives, this process remembers
            self._file.touch(0o600)
            with self._file.open("a") as out:
                out.write(f"{day} {process} {self._own[day, process]}\n")
            os.utime(self._file, (0, 0))  # where a setting keeps it on a disk, its time tells of no tip

    def read(self) -> Counts:
        """Return what this process counted, and the machine's others that have not noted it yet."""
        text = ""
        with suppress(FileNotFoundError):
            text = self._file.read_text()
        lines = re.findall(r"^(\d+) (\w+) (\d+)$", text, re.MULTILINE)  # a full disk may break one off
        found: Counts = Counter({(int(day), process): int(tips) for day, process, tips in lines})
        return self._own | found

    def accept(self, counts: Counts) -> None:
        """Remember these counts of this process's rows instead: somebody accepted the databases as they are."""
        self._own.update({row: counts[row] - tips for row, tips in self._own.items()})
        self.end()

    def end(self) -> None:
        """Remove the file: this machine has noted what is in it."""
        self._file.unlink(missing_ok=True)


def remembering(main: Engine, file: Path) -> Engine:
    """Return the engine of the main database with this process's memory of what it counted."""
    return main.execution_options(**{_REMEMBERED: Remembered(file)})


def remembered(main: Engine | Connection) -> Remembered:
    found: Remembered = main.get_execution_options()[_REMEMBERED]
    return found


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
    if new := sum(unit.taken_tips):
        unit.keys.execute(_ADD[1], {**row, "n": new})
        unit.run_after(lambda: remembered(unit.main).add(unit.day, unit.process, new), keys=True)


def read(connection: Connection, table: Table) -> Counts:
    """Return the counts in one of the two tables."""
    return Counter({(row.day, row.process): row.tips for row in connection.execute(select(table))})


def erased_entry(keys: Connection | Engine, link: bytes) -> bytes:
    """Return a tip's entry in the list of erased tips: its keyed link, and a tag of the link under the name key."""
    return link + envelopes.tag(keys, link.hex(), "erased")
