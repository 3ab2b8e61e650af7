"""A call to a plugin that takes too long is abandoned, and delays its caller and the next call only a little."""

from __future__ import annotations

import threading

import pytest

from satark.plugins.failing_hooks import CallThread, HookFailure, IsolatedCalls, Isolation, Resting, Skipped, TooSlow

pytestmark = pytest.mark.slow("threads that hang")

SECONDS = 0.05


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


def done() -> str:
    return "done"


def test_an_implementation_is_called_again_once_it_has_returned_and_rested(gate: threading.Event) -> None:
    clock, returned = Clock(), threading.Event()
    thread = CallThread("one", clock)

    def hang() -> None:
        gate.wait()
        returned.set()

    with pytest.raises(TooSlow):
        thread.run(hang, SECONDS)
    clock.now = 1000.0
    with pytest.raises(Resting):  # it has rested, but not returned
        thread.run(done, SECONDS)
    gate.set()
    returned.wait()
    assert thread_is_free(thread)
    clock.now = SECONDS * 10 - 0.001
    with pytest.raises(Resting):  # it has returned, but not rested
        thread.run(done, SECONDS)
    clock.now = SECONDS * 10
    assert thread.run(done, 5) == "done"


def thread_is_free(thread: CallThread) -> bool:
    """Wait until the late call's outcome is there, which is set after it returns."""
    assert thread._late is not None
    thread._late.result(5)
    return True


def test_a_call_that_waits_behind_a_hanging_call_is_never_made(gate: threading.Event) -> None:
    thread, calls, began = CallThread("one"), list[str](), threading.Event()

    def hang() -> None:
        began.set()
        gate.wait()

    def first() -> None:
        with pytest.raises(TooSlow):
            thread.run(hang, 1)

    other = threading.Thread(target=first)
    other.start()
    began.wait()
    with pytest.raises(Resting):
        thread.run(lambda: calls.append("called late"), SECONDS)
    other.join()
    late = thread._late
    assert late is not None
    gate.set()
    late.result(5)
    assert calls == []


@pytest.mark.parametrize("at_once", [False, True])
def test_a_failure_is_reported_without_its_message(*, at_once: bool) -> None:
    isolation, reported = Isolation(SECONDS), list[HookFailure]()
    isolation.report = reported.append
    calls = IsolatedCalls("one", "satark_screen", isolation, at_once=at_once)

    def fail() -> None:
        raise ValueError("words of a tip")

    with pytest.raises(Skipped) as skipped:
        calls.run(fail)
    (failure,) = reported
    assert (failure.plugin, failure.hook, failure.error) == ("one", "satark_screen", "ValueError")
    assert "words of a tip" not in str(failure) + repr(failure)
    assert not skipped.value.still_runs
    assert isolation.failures["satark_screen"] == 1
    assert calls.run(done) == "done"


def test_a_plugin_that_calls_exit_does_not_end_the_process() -> None:
    calls = IsolatedCalls("one", "satark_screen", Isolation(SECONDS), at_once=False)

    def leave() -> None:
        raise SystemExit(1)

    with pytest.raises(Skipped):
        calls.run(leave)


def test_a_call_that_timed_out_is_known_to_be_still_running(gate: threading.Event) -> None:
    calls = IsolatedCalls("one", "satark_before_commit", Isolation(SECONDS), at_once=False)
    found = []
    for _ in range(2):
        with pytest.raises(Skipped) as skipped:
            calls.run(gate.wait)
        found.append(skipped.value.still_runs)
    gate.set()
    assert found == [True, False], "the second call was not made"
