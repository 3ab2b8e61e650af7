"""Derivation queue: a few at a time, the most urgent first, and never more than the limit in line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from satark_desk.derivation_queue import KNOWN, LAST, STRANGER, DerivationQueue, QueueFull


class Work:
    """Work that waits until it is let go, and writes down the order in which it ran."""

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


def test_the_most_urgent_goes_first_and_equals_first_come_first_served() -> None:
    queue, work = blocked_queue()
    ranks = [("last", LAST), ("tried", STRANGER + 3), ("a", STRANGER), ("b", STRANGER), ("known", KNOWN)]
    results = [queue.submit(lambda name=name: work.note(name), rank) for name, rank in ranks]  # type: ignore[misc]
    work.go.set()
    assert [result.result(20) for result in results] == ["last", "tried", "a", "b", "known"]
    assert work.order == ["known", "a", "b", "tried", "last"]


def test_a_full_queue_refuses_the_least_urgent_and_never_an_officer_who_is_known() -> None:
    queue, work = blocked_queue(waiting=3)
    strangers = [queue.submit(lambda: work.note("stranger"), STRANGER + number) for number in range(3)]
    late = queue.submit(lambda: work.note("late"), STRANGER + 9)
    known = queue.submit(lambda: work.note("known"), KNOWN)
    work.go.set()
    assert known.result(20) == "known"
    for refused in (late, strangers[2]):
        with pytest.raises(QueueFull):
            refused.result(20)
    assert [one.result(20) for one in strangers[:2]] == ["stranger", "stranger"]


def test_the_same_form_sent_many_times_is_derived_once() -> None:
    queue, work = blocked_queue()
    same = [queue.submit(lambda: work.note("same"), key="same") for _ in range(50)]
    other = queue.submit(lambda: work.note("other"), key="other")
    work.go.set()
    assert {one.result(20) for one in same} == {"same"}
    assert other.result(20) == "other"
    assert work.order == ["same", "other"]
    assert queue.submit(lambda: work.note("again"), key="same").result(20) == "again"


def test_no_more_run_at_once_than_the_limit() -> None:
    queue, work = DerivationQueue(2, 100), Work()
    at_once = threading.Barrier(2)

    def derive() -> str:
        at_once.wait(20)  # broken unless two run at once
        return work.note("x")

    with ThreadPoolExecutor(10) as callers:
        assert list(callers.map(lambda _: queue.run(derive), range(20))) == ["x"] * 20
    assert work.peak <= 2


def test_what_a_derivation_queues_itself_runs_in_its_own_turn() -> None:
    queue = DerivationQueue(1, 1)
    assert queue.submit(lambda: queue.run(lambda: "inner")).result(20) == "inner"


def test_an_error_reaches_whoever_waits_and_the_queue_goes_on() -> None:
    queue = DerivationQueue(1, 10)
    with pytest.raises(ZeroDivisionError):
        queue.run(lambda: 1 // 0)
    cancelled = queue.submit(lambda: None)
    cancelled.cancel()
    assert queue.run(lambda: 5) == 5
