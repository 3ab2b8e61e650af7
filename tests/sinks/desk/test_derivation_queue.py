"""Derivation queue: it runs a few derivations at a time, the most urgent first, and limits how many wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from satark_desk.derivation_queue import KNOWN, LAST, STRANGER, DerivationQueue, QueueFull
from satark_testing.waiting import until


class Work:
    """Work that waits until the test releases it, and records the order in which it ran."""

    def __init__(self) -> None:
        self.go, self.began = threading.Event(), threading.Event()
        self.order: list[str] = []
        self.running = self.peak = 0
        self._lock = threading.Lock()

    def block(self) -> None:
        self.began.set()
        assert self.go.wait(20)

    def note(self, name: str) -> str:
        with self._lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
            self.order.append(name)
        with self._lock:
            self.running -= 1
        return name


def blocked_queue(waiting: int = 100) -> tuple[DerivationQueue, Work]:
    queue, work = DerivationQueue(1, waiting), Work()
    queue.submit(work.block)
    assert work.began.wait(20)
    return queue, work


def test_the_most_urgent_work_goes_first_and_the_newest_first_among_strangers() -> None:
    queue, work = blocked_queue()
    ranks = [("last", LAST), ("tried", STRANGER + 3), ("a", STRANGER), ("b", STRANGER)]
    ranks += [("known 1", KNOWN), ("known 2", KNOWN), ("last 2", LAST)]
    results = [queue.submit(lambda name=name: work.note(name), rank) for name, rank in ranks]  # type: ignore[misc]
    work.go.set()
    assert [result.result(20) for result in results] == [name for name, _ in ranks]
    # Strangers without a visit share one turn, so the newest attempt goes before the earlier ones.
    assert work.order == ["known 1", "known 2", "b", "a", "tried", "last", "last 2"]


@pytest.mark.parametrize("place", [0, 1, 50, 98, 99])
def test_a_stranger_with_their_own_visit_waits_for_only_one_of_a_hundred_others(place: int) -> None:
    queue, work = blocked_queue()
    flood = [("guess", "", STRANGER)] * 50 + [("guess", "one visit", STRANGER)] * 49
    # The attacked account has failures; the accounts that the strangers made up have none.
    flood.insert(place, ("officer", "own visit", STRANGER + 40))
    results = [queue.submit(lambda name=name: work.note(name), rank, share=visit) for name, visit, rank in flood]  # type: ignore[misc]
    work.go.set()
    assert len([result.result(20) for result in results]) == 100
    assert work.order.index("officer") <= 2


def test_the_queue_asks_for_a_rank_when_a_turn_comes() -> None:
    queue, work = blocked_queue()
    failures = {"guessed": 0, "other": 0}
    results = [
        queue.submit(lambda name=name: work.note(name), lambda name=name: STRANGER + failures[name], share=name)  # type: ignore[misc]
        for name in ("other", "guessed")
    ]
    failures["guessed"] = 9
    work.go.set()
    assert [result.result(20) for result in results] == ["other", "guessed"]
    assert work.order == ["other", "guessed"]


async def test_turns_are_forgotten_when_nobody_waits() -> None:
    queue, work = blocked_queue()
    many = [queue.submit(lambda: work.note("many"), STRANGER, share="many") for _ in range(5)]
    work.go.set()
    assert [one.result(20) for one in many] == ["many"] * 5
    await until(lambda: not queue._turns)


def test_a_full_queue_refuses_the_least_urgent_work_and_never_a_known_officer() -> None:
    queue, work = blocked_queue(waiting=3)
    strangers = [queue.submit(lambda: work.note("stranger"), STRANGER + one, share=one) for one in range(3)]
    late = queue.submit(lambda: work.note("late"), STRANGER + 9, share="late")
    known = queue.submit(lambda: work.note("known"), KNOWN)
    work.go.set()
    assert known.result(20) == "known"
    for refused in (late, strangers[2]):
        with pytest.raises(QueueFull):
            refused.result(20)
    assert [one.result(20) for one in strangers[:2]] == ["stranger", "stranger"]


def test_a_full_queue_refuses_the_last_attempt_of_the_visitor_who_sent_most() -> None:
    queue, work = blocked_queue(waiting=10)
    officer = queue.submit(lambda: work.note("officer"), STRANGER, share="own visit")
    flood = [queue.submit(lambda: work.note("guess"), STRANGER, share="one visit") for _ in range(30)]
    work.go.set()
    assert officer.result(20) == "officer"
    assert sum(one.exception(20) is None for one in flood) == 9


def test_the_same_form_sent_many_times_is_derived_once() -> None:
    queue, work = blocked_queue()
    same = [queue.submit(lambda: work.note("same"), key="same") for _ in range(50)]
    other = queue.submit(lambda: work.note("other"), key="other")
    work.go.set()
    assert {one.result(20) for one in same} == {"same"}
    assert other.result(20) == "other"
    assert work.order == ["same", "other"]
    assert queue.submit(lambda: work.note("again"), key="same").result(20) == "again"


def test_no_more_derivations_run_at_once_than_the_limit() -> None:
    queue, work = DerivationQueue(2, 100), Work()
    at_once = threading.Barrier(2)

    def derive() -> str:
        at_once.wait(20)  # broken unless two run at once
        return work.note("x")

    with ThreadPoolExecutor(10) as callers:
        assert list(callers.map(lambda _: queue.run(derive), range(20))) == ["x"] * 20
    assert work.peak <= 2


def test_work_that_a_derivation_submits_runs_in_the_turn_of_that_derivation() -> None:
    queue = DerivationQueue(1, 1)
    assert queue.submit(lambda: queue.run(lambda: "inner")).result(20) == "inner"


def test_an_error_reaches_its_caller_and_the_queue_continues() -> None:
    queue = DerivationQueue(1, 10)
    with pytest.raises(ZeroDivisionError):
        queue.run(lambda: 1 // 0)
    cancelled = queue.submit(lambda: None)
    cancelled.cancel()
    assert queue.run(lambda: 5) == 5
