"""Threads of tips: messages are in order, and the right desks are told of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.services import Services
from satark.store import tables, threads
from satark.store.threads import BATCH, append, batches, new_messages
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_tip


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def tip(services: Services) -> SeededTip:
    return seed_tip(services, [SeededDesk(services, "sp").desk])


def add(services: Services, tip: str, sealed: bytes, **more: Any) -> int:
    return services.write_now(lambda unit: append(unit, tip, sealed, **{"notified": False, **more}))


def test_messages_are_numbered_in_time_order(services: Services, tip: SeededTip) -> None:
    assert [add(services, tip.id, sealed) for sealed in (b"first", b"second")] == [1, 2]
    assert services.read(lambda main: new_messages(main, {tip.id: 0})) == {tip.id: [(1, b"first"), (2, b"second")]}


def test_a_row_before_the_first_that_somebody_else_wrote_hides_no_message(services: Services, tip: SeededTip) -> None:
    forged = {"tip": tip.id, "seq": -3, "sealed": b"forged", "day": 1, "notified": True}
    services.write_now(lambda unit: unit.insert(tables.message, [forged]))
    assert [add(services, tip.id, sealed) for sealed in (b"first", b"second")] == [1, 2]
    assert services.read(lambda main: new_messages(main, {tip.id: 0})) == {tip.id: [(1, b"first"), (2, b"second")]}


def test_only_messages_after_the_last_known_one_are_read(services: Services, tip: SeededTip) -> None:
    other = seed_tip(services, [])
    add(services, tip.id, b"first")
    add(services, tip.id, b"second")
    add(services, other.id, b"another tip's")
    assert services.read(lambda main: new_messages(main, {tip.id: 1})) == {tip.id: [(2, b"second")]}
    assert services.read(lambda main: new_messages(main, {tip.id: 2})) == {}


def test_a_message_marks_its_tip_as_changed(services: Services, tip: SeededTip) -> None:
    services.write_now(lambda unit: unit.main.execute(tables.tip_change.delete()))
    add(services, tip.id, b"first")
    assert services.read(lambda main: main.execute(select(tables.tip_change.c.tip)).scalars().all()) == [tip.id]


def test_many_values_are_split_into_lists_that_fit_into_a_statement() -> None:
    values = [str(number) for number in range(BATCH * 2 + 1)]
    assert [len(batch) for batch in batches(values)] == [BATCH, BATCH, 1]
    assert [value for batch in batches(values) for value in batch] == values
    assert list(threads.batches([])) == []
