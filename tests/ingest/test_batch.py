"""Seen events: none is new twice, on whatever day it is resent; its key shows only the day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select
from structlog.testing import capture_logs

from satark.ingest.batch import add_unseen
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.tables import seen
from satark.store.unit_of_work import unit_of_work

DAY = 86_400
TODAY = 20_784
NOON = TODAY * DAY + DAY // 2
ONE, OTHER = bytes(range(16)), bytes(range(16, 32))
KEPT = 30


class Store:
    """Fresh databases, and a clock that can be set."""

    def __init__(self, databases: Any) -> None:
        self.main: Engine = make_engine(databases.main)
        self._keys: Engine = make_engine(databases.keys)
        Migrations(self.main, self._keys, ()).upgrade()

    def add(self, sent: dict[bytes, int | None], now: int = NOON) -> set[bytes]:
        with unit_of_work(self.main, self._keys) as unit:
            unit.now = now
            return add_unseen(unit, sent, KEPT)

    def purge(self, oldest: int) -> None:
        with self.main.begin() as connection:
            connection.execute(delete(seen).where(seen.c.day < oldest))

    def rows(self) -> list[tuple[bytes, int]]:
        with self.main.begin() as connection:
            return [(row.key, row.day) for row in connection.execute(select(seen).order_by(seen.c.key))]

    def close(self) -> None:
        self.main.dispose()
        self._keys.dispose()


@pytest.fixture
def store(databases: Any) -> Iterator[Store]:
    made = Store(databases)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("sent_at", "day"),
    [
        (NOON, TODAY),
        (TODAY * DAY - 1, TODAY - 1),
        ((TODAY + 1) * DAY, TODAY + 1),
        (NOON + 9 * DAY, TODAY + 9),
        (NOON - (KEPT - 8) * DAY, TODAY - KEPT + 8),
        (NOON - (KEPT - 7) * DAY, TODAY),
        (NOON - KEPT * DAY, TODAY),
        (None, TODAY),
        (65_536 * DAY - 1, 65_535),
        (65_536 * DAY, TODAY),
        (0, TODAY),
        (-1, TODAY),
        (2**80, TODAY),
    ],
)
def test_a_key_begins_with_the_day_of_sending_if_that_is_plausible(sent_at: int | None, day: int, store: Store) -> None:
    assert store.add({ONE: sent_at}) == {ONE}
    assert store.rows() == [(day.to_bytes(2) + ONE[:14], min(day, TODAY + 1))]
    assert store.add({ONE: sent_at}) == set()


@pytest.mark.parametrize("sent_at", [NOON, NOON - 3 * DAY, None, 0, 2**80])
@pytest.mark.parametrize("later", [-1, 1, 2, KEPT - 3])
def test_an_event_is_recognised_on_another_day(later: int, sent_at: int | None, store: Store) -> None:
    assert store.add({ONE: sent_at}) == {ONE}
    before = store.rows()
    assert store.add({ONE: sent_at, OTHER: None}, NOON + later * DAY) == {OTHER}
    assert len(store.rows()) == 2, "nothing was added for it"
    assert set(before) < set(store.rows())


@pytest.mark.parametrize("late", [*range(KEPT - 10, KEPT + 1), 0, -1, -2, -9])
def test_an_event_is_recognised_for_eight_days_however_late_it_came(late: int, store: Store) -> None:
    sent_at = NOON - late * DAY
    assert store.add({ONE: sent_at}) == {ONE}
    for later in range(1, 9):
        store.purge(TODAY + later - KEPT)
        assert store.add({ONE: sent_at}, NOON + later * DAY) == set(), later


@pytest.mark.parametrize("late", [KEPT + 1, KEPT + 40, 10_000])
def test_whoever_replays_a_recorded_event_after_it_was_forgotten_has_it_taken_by_nobody(
    late: int, store: Store
) -> None:
    with capture_logs() as logs:
        assert store.add({ONE: NOON - late * DAY, OTHER: None}) == {OTHER}
    assert len(store.rows()) == 1
    assert [one["count"] for one in logs] == [1], "nobody is left without an answer in silence"


def test_an_event_is_recognised_even_if_its_provider_no_longer_tells_its_sending_time(store: Store) -> None:
    assert store.add({ONE: NOON - 5 * DAY}) == {ONE}
    assert store.add({ONE: None}, NOON + DAY) == set()


def test_an_event_from_the_future_is_forgotten_as_one_of_tomorrow(store: Store) -> None:
    store.add({ONE: NOON + 9_999 * DAY})
    store.purge(TODAY + 2)
    assert store.rows() == []


def test_an_event_without_a_time_is_recognised_until_its_term_ends(store: Store) -> None:
    assert store.add({ONE: None}) == {ONE}
    assert store.add({ONE: None}, NOON + KEPT * DAY) == set()
    assert store.add({ONE: None}, NOON + (KEPT + 1) * DAY) == {ONE}


def test_many_events_without_a_time_are_told_apart(store: Store) -> None:
    old, new = ([number.to_bytes(16, "little") for number in range(at, at + 100)] for at in (0, 100))
    assert store.add(dict.fromkeys(old), NOON - DAY) == set(old)
    assert store.add(dict.fromkeys([*new, *old])) == set(new)
    assert len(store.rows()) == 200
