"""Background work: waits double, failed tasks restart, and cancelling waits until a thread's work has ended."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from satark.api.background import backoff, keep_running, read_answer, run_in_thread, wait_for
from satark.api.sink import CarrierError
from satark_testing.waiting import until


@given(attempt=st.integers(1, 100_000), longest=st.floats(1, 3600))
def test_the_wait_doubles_up_to_the_longest_with_a_quarter_of_jitter(attempt: int, longest: float) -> None:
    plain = min(longest, 2.0 ** min(attempt, 30))
    assert 0.75 * plain <= backoff(attempt, longest=longest) <= 1.25 * plain


async def test_waiting_for_an_event_ends_after_the_given_time() -> None:
    event = asyncio.Event()
    await wait_for(event, seconds=0.001)
    assert not event.is_set()


async def test_an_event_that_is_set_is_not_waited_for() -> None:
    event = asyncio.Event()
    event.set()
    await wait_for(event, seconds=100)


@pytest.mark.parametrize(
    "error", [ValueError("planted"), ExceptionGroup("outer", [ExceptionGroup("inner", [ValueError("planted")])])]
)
async def test_a_failed_task_is_restarted_and_only_the_kind_of_error_is_logged(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("satark.api.background.RESTART_SECONDS", 0.0)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise error
        await asyncio.Event().wait()

    with capture_logs() as lines:
        task = asyncio.create_task(keep_running("files", work))
        await until(lambda: begun == 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [(line["role"], line["error"]) for line in lines] == [("files", "ValueError")]
    assert "planted" not in str(lines)


async def test_repeated_failures_are_logged_ever_less_often_with_the_carriers_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("satark.api.background.RESTART_SECONDS", 0.0)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        raise CarrierError("ConnectionRefusedError")

    with capture_logs() as lines:
        task = asyncio.create_task(keep_running("answers", work))
        await until(lambda: begun > 100)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [line["attempt"] for line in lines][:7] == [1, 2, 4, 8, 16, 32, 64]
    assert {line["code"] for line in lines} == {"ConnectionRefusedError"}


async def test_blocking_work_in_a_thread_returns_and_raises_as_usual() -> None:
    assert await run_in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 7, 0)


async def test_cancelling_waits_until_the_work_in_the_thread_has_ended() -> None:
    began, go = threading.Event(), threading.Event()
    done = list[str]()

    def work() -> None:
        began.set()
        go.wait(20)
        done.append("work")

    task = asyncio.ensure_future(run_in_thread(work))
    await until(began.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["work"]


@pytest.mark.parametrize(("most", "read"), [(64, b"{}"), (1, b"{")])
async def test_an_answer_in_two_packets_is_read_whole_up_to_the_limit(most: int, read: bytes) -> None:
    answer: Any = asyncio.StreamReader()
    reading = asyncio.ensure_future(read_answer(answer, most))
    for packet in (b"{", b"}"):
        answer.feed_data(packet)
        await asyncio.sleep(0)
    answer.feed_eof()
    assert await reading == read
