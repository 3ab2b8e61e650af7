"""The throttle spaces repeated failed attempts, by seconds only."""

from __future__ import annotations

from satark_desk.web.guess_delays import (
    FORGOTTEN_AFTER,
    FREE_ATTEMPTS,
    LONGEST_GAP,
    LONGEST_GAP_OF_CODES,
    LONGEST_HOLD,
    Throttle,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_gap_grows_with_the_failures_up_to_a_limit() -> None:
    clock = Clock()
    throttle = Throttle(LONGEST_GAP_OF_CODES, clock)
    gaps = []
    for _ in range(20):
        throttle.failed("a")
        gaps.append(throttle.wait("a"))
        clock.now += gaps[-1]
    assert gaps[:FREE_ATTEMPTS] == [0.0] * FREE_ATTEMPTS
    assert gaps[FREE_ATTEMPTS : FREE_ATTEMPTS + 3] == [2.0, 4.0, 8.0]
    assert gaps[-1] == LONGEST_GAP_OF_CODES
    assert throttle.wait("b") == 0.0
    throttle.succeeded("a")
    throttle.failed("a")
    assert throttle.wait("a") == 0.0


def test_simultaneous_attempts_are_all_free_and_later_ones_take_turns() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)
    assert [throttle.reserve("a") for _ in range(100)] == [0.0] * 100
    for _ in range(100):
        throttle.failed("a")
    waits = [throttle.reserve("a") for _ in range(5)]
    assert waits[:2] == [LONGEST_GAP, 2 * LONGEST_GAP]
    # Beyond the longest hold nothing is reserved, so nobody can lengthen the queue.
    assert waits[2:] == [3 * LONGEST_GAP] * 3
    clock.now += 3 * LONGEST_GAP
    assert throttle.reserve("a") == 0.0
    assert 3 * LONGEST_GAP <= LONGEST_HOLD + LONGEST_GAP


def test_failures_are_forgotten_after_a_while() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)
    for _ in range(20):
        throttle.failed("a")
    assert throttle.failures("a") == 20
    clock.now += FORGOTTEN_AFTER
    assert throttle.failures("a") == 0
    throttle.failed("a")
    assert throttle.wait("a") == 0.0


def test_the_number_of_remembered_accounts_is_limited() -> None:
    throttle = Throttle(clock=Clock())
    for number in range(10_050):
        throttle.failed(str(number))
    assert len(throttle._states) == 10_000


def test_attempts_that_cost_nothing_make_no_account_forget_its_failures() -> None:
    throttle = Throttle(clock=Clock())
    for _ in range(FREE_ATTEMPTS + 1):
        throttle.failed("sp/khan")
    for number in range(10_010):
        throttle.reserve(str(number))
    assert throttle.failures("sp/khan") == FREE_ATTEMPTS + 1
    throttle.failed("another")
    assert throttle.failures("another") == 1
