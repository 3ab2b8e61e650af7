"""The throttle delays repeated wrong attempts on an account, up to a limit."""

from __future__ import annotations

from satark_desk.web.throttle import FREE_ATTEMPTS, MAX_WAIT, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_delay_grows_with_the_failures_up_to_a_limit() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(20):
        throttle.failed("a")
        waits.append(throttle.wait("a"))
    assert waits[:FREE_ATTEMPTS] == [0.0] * FREE_ATTEMPTS
    assert waits[FREE_ATTEMPTS : FREE_ATTEMPTS + 3] == [2.0, 4.0, 8.0]
    assert waits[-1] == MAX_WAIT
    assert throttle.wait("b") == 0.0
    clock.now += MAX_WAIT
    assert throttle.wait("a") == 0.0
    throttle.succeeded("a")
    throttle.failed("a")
    assert throttle.wait("a") == 0.0


def test_the_number_of_remembered_accounts_is_limited() -> None:
    throttle = Throttle(Clock())
    for number in range(10_050):
        throttle.failed(str(number))
    assert len(throttle._failures) == 10_000
