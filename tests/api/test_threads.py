"""Blocking work in threads, and what becomes of it where nobody waits any more."""

from __future__ import annotations

import asyncio
import threading

import pytest

from satark.api.threads import run_in_thread
from satark_testing.waiting import until


async def test_it_gives_what_the_work_returns_and_raises() -> None:
    assert await run_in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 7, 0)


async def test_where_it_is_cancelled_the_work_is_finished_first() -> None:
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
