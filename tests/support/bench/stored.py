"""Fills the databases with the rows of a year: rows of the usual size with random content."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Engine, Integer, LargeBinary, Table

from satark.ingest.event import seen_key, seen_row
from satark.settings.core import Core
from satark.store import tables
from satark.store.engines import make_engine
from support.bench.scenarios import Scenario

_AT_ONCE: Final = 10_000
_SEALED_BYTES: Final = 600
_SEEN_DAYS: Final = int(Core().seen_days)
_YEAR: Final = 365 * 86_400


def store(main: str, keys: str, scenario: Scenario) -> None:
    """Store the tips and parked conversations of a scenario in these two databases."""
    tips, parked = scenario.stored_tips, scenario.parked
    for url, rows in (
        (main, {tables.tip: tips, tables.seen: tips, tables.conversation: parked, tables.alias: parked}),
        (keys, {tables.envelope: 3 * tips}),
    ):
        engine = make_engine(url)
        for table, count in rows.items():
            _fill(engine, table, count)
        engine.dispose()


def _fill(engine: Engine, table: Table, count: int) -> None:
    rows = _rows(table, count)
    while batch := list(itertools.islice(rows, _AT_ONCE)):
        with engine.begin() as connection:
            connection.execute(table.insert(), batch)


def _rows(table: Table, count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(table.name)
    for number in range(count):
        if table is tables.seen:
            yield _event(number / count, chance)
        else:
            yield {column.name: _value(column.name, column.type, chance) for column in table.columns}


def _event(share: float, chance: random.Random) -> dict[str, Any]:
    """Return an event at this share of the days for which events are remembered."""
    day = int(time.time()) // 86_400 - _SEEN_DAYS + 1 + int(share * _SEEN_DAYS)
    return seen_row(seen_key(day, chance.randbytes(16)), day)


def _value(name: str, kind: Any, chance: random.Random) -> object:
    """Return a value for a column. None of its times is due within a year."""
    if isinstance(kind, LargeBinary):
        return chance.randbytes(kind.length or _SEALED_BYTES)
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, BigInteger):
        return int(time.time()) + _YEAR
    if isinstance(kind, Integer):
        return int(time.time()) // 86_400 if name == "day" else 1
    return f"{chance.getrandbits(128):032x}"[: kind.length or 32]
