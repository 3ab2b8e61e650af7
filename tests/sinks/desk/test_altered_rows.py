"""Whoever writes rows sets each column of a tip's rows in turn: the tip is shown whole, or somebody is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest
from sqlalchemy import Column, Row, Table, delete, insert, select, update

from satark.api.routing import Desk
from satark.api.sealing import CantOpen
from satark.api.tip import Message
from satark.custody.comparison import find_missing
from satark.custody.verify_log import verify_log
from satark.routing.desks import close_roster
from satark.runtime.dependency_faults import loss_faults, missing_faults
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.desk_keys import UnlockedDesk
from support.tips import SeededTip, seed_file, seed_message, seed_tip

OF_TIP: Final[Sequence[tuple[Table, str]]] = (
    (tables.envelope, "tip"),
    (tables.tip, "id"),
    (tables.message, "tip"),
    (tables.file, "tip"),
    (tables.custody, "tip"),
    (tables.delivery, "tip"),
    (tables.retention, "tip"),
    (tables.tip_change, ""),
    (tables.tip_index, ""),
    (tables.kept_term, ""),
    (tables.renewal, ""),
)
"""The tables that lists and pages read, and the column that names the tip; empty: none does."""
CHANGES: Final[Mapping[type, Mapping[str, Callable[[Any], Any]]]] = {
    bytes: {"empty": lambda _: b"", "zeros": lambda old: bytes(len(old)), "random": lambda old: os.urandom(len(old))},
    str: {"empty": lambda _: "", "x": lambda _: "x"},
    int: {"zero": lambda _: 0, "high": lambda _: 2**31 - 1, "low": lambda _: -1},
}
KNOWN: Final = frozenset({"message.tip", "message.seq"})
"""Who renames the end of a thread deletes it: docs/threat-model.md says who misses that."""
STATES: Final = ("due", "lost", "sealed", "done", "erased", "blocked")
"""What stands in a column `state` of any table."""


def altered(column: Column[Any], old: Any) -> Mapping[str, Any]:
    """Return the values that an attacker writes into a column, each by the name of the change."""
    if column.name == "state":
        return {state: state for state in ("", "x", *STATES)}
    if isinstance(old, bool):
        return {"other": not old}
    kind = next((one for one in CHANGES if isinstance(old, one)), None)
    return {name: change(old) for name, change in CHANGES[kind].items()} if kind else {}


class Attack:
    """One tip of two, at two desks, with a message and a file, in databases that somebody writes to."""

    def __init__(self, services: Services, unlocked: Callable[[str], UnlockedDesk], tip: SeededTip) -> None:
        self.services, self.unlocked, self.tip = services, unlocked, tip

    def run(self, table: Table, where: str) -> list[str]:
        """Alter each column in turn, and put it back; return the changes that nobody is shown or told."""
        named = [table.c[where] == self.tip.id] if where else []
        rows = self._execute(table, select(table).where(*named)).all()
        unseen = []
        for column in (one for one in table.columns if rows and str(one) not in KNOWN):
            for how, value in altered(column, rows[0]._mapping[column.name]).items():
                if self._alter(table, rows, column, value):
                    unseen += [f"{table.name}.{column.name}: {how}"] * self._is_unseen()
                self._put_back(table, rows, column, value)
        return unseen

    def _alter(self, table: Table, rows: Sequence[Row[Any]], column: Column[Any], value: Any) -> bool:
        """Set a column in the rows, or one of their names in the first one; return whether that changed any."""
        some = rows[:1] if column.primary_key or column.name == "seq" else rows
        for row in some:
            self._execute(table, update(table).where(*self._is(table, row)).values({column.name: value}))
        return any(row._mapping[column.name] != value for row in some)

    def _put_back(self, table: Table, rows: Sequence[Row[Any]], column: Column[Any], value: Any) -> None:
        for row in rows:
            self._execute(table, delete(table).where(*self._is(table, row)))
            if column.primary_key:
                self._execute(table, delete(table).where(*self._is(table, row, {column.name: value})))
        self._execute(table, insert(table).values([dict(row._mapping) for row in rows]))

    def _is(self, table: Table, row: Row[Any], instead: Mapping[str, Any] | None = None) -> list[Any]:
        return [one == {**row._mapping, **(instead or {})}[one.name] for one in table.primary_key]

    def _execute(self, table: Table, statement: Any) -> Any:
        if statement.is_select:
            reading = self.services.read_keys if table.metadata is tables.keys else self.services.read
            return reading(lambda c: c.execute(statement).freeze()())
        writing = "keys" if table.metadata is tables.keys else "main"
        return self.services.write_now(lambda unit: getattr(unit, writing).execute(statement))

    def _is_unseen(self) -> bool:
        return not self._is_told() and not all(self._is_shown(desk) for desk in ("sp", "dig"))

    def _is_told(self) -> bool:
        """Return whether a fault within the hourly look, or a look at the log, tells."""
        told = [*missing_faults(self.services), *loss_faults(self.services), *self.services.inspect_rosters()]
        return bool(told or verify_log(self.services).problems)

    def _is_shown(self, desk: str) -> bool:
        """Return whether a desk is shown the tip with all that it has, or that something is wrong with it."""
        work = self.unlocked(desk).casework(self.services)
        listed = [one.id for one in work.summaries()]
        if self.tip.id not in listed:
            return bool(work.unreadable)
        try:
            opened = work.open(self.tip.id)
        except CantOpen:  # its page says so
            return True
        parts = opened.tip.answers == {"what": "secret"}, "HELP" in [one.message.text for one in opened.thread]
        whole = all(parts) and [one.ordinal for one in opened.evidence] == ["1"]
        return bool(whole or opened.altered or opened.damaged or opened.gone)


@pytest.mark.full("an installation for each row")
@pytest.mark.parametrize(("table", "where"), OF_TIP, ids=[table.name for table, _ in OF_TIP])
def test_a_tip_whose_rows_somebody_alters_is_shown_or_missed(
    services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk], table: Table, where: str
) -> None:
    services.write_now(lambda unit: close_roster(unit, ()))
    desks = [desk("sp"), desk("dig")]
    for name in ("sp", "dig"):
        unlocked(name)
    seeded = [seed_tip(services, desks, answers={"what": "secret"}, evidence=("1",)) for _ in range(2)]
    for one in seeded:
        seed_file(services, one, "1", b"original", b"clean")
        seed_message(services, one, Message(sender="tipster", text="HELP"))
    find_missing(services, note=True)
    attack = Attack(services, unlocked, seeded[1])
    assert attack._is_shown("sp")
    assert not attack._is_told()
    assert attack.run(table, where) == []
    assert attack._is_shown("dig")
    # This machine remembers each renewal that it was shown.
    assert attack._is_told() == (table is tables.renewal), "all is put back"


def test_a_tip_whose_envelopes_lost_their_covers_is_listed_and_missed(
    services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk]
) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    find_missing(services, note=True)
    own = services.read_keys(lambda keys: envelopes.tag(keys, seeded.id, "sp"))
    others = update(tables.envelope).where(tables.envelope.c.tip == seeded.id, tables.envelope.c.holder != own)
    services.write_now(lambda unit: unit.keys.execute(others.values(cover=b"")))
    assert [one.id for one in unlocked("dig").casework(services).summaries()] == [seeded.id]
    assert [fault.code for fault in missing_faults(services)] == ["tips_missing"]
