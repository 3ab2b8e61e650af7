"""Stocks are filled in quiet times, do not run dry in others, and use nothing twice."""

from __future__ import annotations

import itertools
import os
import sys
import threading

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
    monkeypatch.setattr(stocks, "_IDLE_SECONDS", 3600.0)
    stock = Stock(made.__next__, ahead=40, name="stock")
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 40)
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


async def test_a_second_thread_helps_while_the_stock_is_low_and_both_end_with_it(made: itertools.count[int]) -> None:
    stock = Stock(made.__next__, ahead=8, name="stock")
    stock.start()
    try:
        assert [hand.name for hand in stock._hands] == ["stock", "stock-low"]
        await until(lambda: len(stock._ready) >= 8)
        assert all(hand.is_alive() for hand in stock._hands)
    finally:
        stock.close()
    await until(lambda: not any(hand.is_alive() for hand in stock._hands))


async def test_the_slower_thread_brings_nothing_to_a_stock_that_the_other_has_filled() -> None:
    is_slow, may_end = threading.Event(), threading.Event()

    def make() -> object:
        if threading.current_thread().name == "stock-low":
            is_slow.set()
            may_end.wait()
        is_slow.wait()
        return object()

    stock = Stock(make, ahead=8, name="stock")
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 8)
    finally:
        stock.close()
        may_end.set()
    await until(lambda: not any(hand.is_alive() for hand in stock._hands))
    assert len(stock._ready) == 8


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority: needs Linux")
@pytest.mark.slow("waits for a processor that nobody else uses")
async def test_the_stock_is_filled_in_idle_time(made: itertools.count[int]) -> None:
    stock, own = Stock(made.__next__, ahead=8, name="stock"), os.getpriority(os.PRIO_PROCESS, 0)
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 8)
        priorities = [os.getpriority(os.PRIO_PROCESS, hand.native_id or 0) for hand in stock._hands]
    finally:
        stock.close()
    assert priorities == [19, max(own, 5)], "the idle one, and the one that helps"
