"""Stocks are filled in quiet times, do not run dry in others, and use nothing twice."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from satark.identity import stock as stocks
from satark.identity.stock import Stock
from satark_testing.waiting import until


@pytest.fixture
def made() -> itertools.count[int]:
    """Count what the stock has made; each is different."""
    return itertools.count()


async def test_the_stock_is_filled_to_the_wanted_number_and_again_after_each_take(
    monkeypatch: pytest.MonkeyPatch, made: itertools.count[int]
) -> None:
    monkeypatch.setattr(stocks, "_IDLE_SECONDS", 0.01)
    stock = Stock(made.__next__, ahead=2, name="stock")
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 2)
        taken = [stock.take() for _ in range(2)]
        await until(lambda: len(stock._ready) == 2)
    finally:
        stock.close()
    assert len({*taken}) == 2
    assert next(made) == 4, "more than was asked for"


def test_an_empty_stock_makes_each_thing_on_demand(made: itertools.count[int]) -> None:
    stock = Stock(made.__next__, ahead=0, name="stock")
    stock.start()
    assert [stock.take() for _ in range(5)] == [*range(5)]
    stock.close()


async def test_while_things_are_taken_only_a_low_stock_is_filled(
    monkeypatch: pytest.MonkeyPatch, made: itertools.count[int]
) -> None:
    stock = Stock(made.__next__, ahead=40, name="stock")
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 40)
        monkeypatch.setattr(stocks, "_IDLE_SECONDS", 3600.0)
        for _ in range(39):
            stock.take()
        await until(lambda: len(stock._ready) == 10)
        assert len({stock.take() for _ in range(10)}) == 10
        await until(lambda: len(stock._ready) == 10)
        stock._taken_at -= 3600.0
        with stock._changed:
            stock._changed.notify_all()
        await until(lambda: len(stock._ready) == 40)
    finally:
        stock.close()


async def test_closing_ends_the_thread_in_its_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(step=900)
    monkeypatch.setattr(stocks, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    rests: list[float] = []
    stock = Stock(object, ahead=8, name="stock")
    wait_for = stock._changed.wait_for

    def rest(is_over: Callable[[], bool], seconds: float) -> bool:
        rests.append(seconds)
        return wait_for(is_over, seconds)

    monkeypatch.setattr(stock._changed, "wait_for", rest)
    stock.start()
    await until(lambda: bool(rests))
    stock.close()
    await until(lambda: not stock._thread.is_alive())
    assert rests == [900], "as long as the thread worked"


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority: needs Linux")
async def test_on_a_busy_machine_the_thread_does_not_hold_up_those_that_answer_citizens(
    made: itertools.count[int],
) -> None:
    stock = Stock(made.__next__, ahead=8, name="stock")
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 8)
        priority = os.getpriority(os.PRIO_PROCESS, stock._thread.native_id or 0)
    finally:
        stock.close()
    assert priority == os.getpriority(os.PRIO_PROCESS, 0), "what holds the interpreter's lock must get a processor"
