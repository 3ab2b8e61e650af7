"""The due replies that a poll of the outbox looks for."""

from __future__ import annotations

from satark.outbox.worker import ALL_EVERY, Polling
from satark.store.unit_of_work import CLOCKS_APART

NOON = 1_764_000_000


def polled(polling: Polling, now: int, *, found_all: bool = True) -> int:
    since = polling.since(now)
    polling.ended(now, found_all=found_all)
    return since


def test_the_first_poll_has_no_limit_and_the_next_looks_only_for_recently_due_replies() -> None:
    polling = Polling()
    assert [polled(polling, NOON + second) for second in range(3)] == [0, NOON - CLOCKS_APART, NOON + 1 - CLOCKS_APART]


def test_each_minute_one_poll_has_no_limit() -> None:
    polling = Polling()
    assert [polled(polling, NOON + second) == 0 for second in range(2 * ALL_EVERY)].count(True) == 2


def test_after_a_poll_that_was_cut_short_the_next_has_no_limit() -> None:
    polling = Polling()
    polled(polling, NOON)
    polled(polling, NOON + 1, found_all=False)
    assert polled(polling, NOON + 2) == 0


def test_after_the_clock_is_set_back_a_poll_has_no_limit() -> None:
    polling = Polling()
    polled(polling, NOON)
    assert polled(polling, NOON - 3600) == 0
