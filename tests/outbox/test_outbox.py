"""The outbox: messages are numbered in the order in which they are made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.outbound import Call
from satark.outbox.outbox import CallsUnderWay, message

CALL = Call(account="scripted", method="send", body=b"")


def test_messages_are_numbered_in_order_even_if_the_clock_stands_still_or_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = 4_000_000_000_000_000_000
    readings: Iterator[int] = iter([far, far, far - 10, far + 500])
    monkeypatch.setattr("satark.outbox.outbox._positions._last", 0)
    monkeypatch.setattr("satark.outbox.outbox.time.time_ns", lambda: next(readings))
    made = [message(b"conversation", CALL, must_arrive=True).position for _ in range(4)]
    assert made == [far, far + 1, far + 2, far + 500]


@pytest.mark.parametrize(
    ("seconds", "places"), [(0.0, 64), (0.005, 64), (0.05, 64), (0.15, 192), (0.3, 384), (1.0, 512), (20.0, 512)]
)
def test_slower_answers_make_more_places_up_to_the_most(seconds: float, places: int) -> None:
    calls = CallsUnderWay(64, 512)
    for _ in range(500):
        calls.note(seconds)
    assert calls.places == pytest.approx(places, abs=1)


def test_a_provider_that_is_fast_again_gets_fewer_places() -> None:
    calls = CallsUnderWay(64, 512)
    for seconds in (*[1.0] * 200, *[0.01] * 200):
        calls.note(seconds)
    assert calls.places == 64


async def test_places_are_given_in_the_order_of_asking() -> None:
    calls, order = CallsUnderWay(1, 1), []

    async def call(number: int) -> None:
        async with calls:
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(call, range(20)))
    assert order == list(range(20))
    assert not calls.is_full


async def test_the_place_of_a_call_that_was_cancelled_goes_to_the_next() -> None:
    calls = CallsUnderWay(1, 1)
    await calls.__aenter__()
    first, second = (asyncio.create_task(calls.__aenter__()) for _ in range(2))
    await asyncio.sleep(0)
    await calls.__aexit__(None, None, None)  # the first has the place now, and has not noticed
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, 60)
    assert calls.is_full


@pytest.mark.slow("a third of a second of a processor")
@given(st.lists(st.sampled_from(["enter", "leave", "cancel", "slow", "fast"]), max_size=60))
def test_there_are_never_more_calls_than_places_and_no_place_is_lost(steps: list[str]) -> None:
    async def run() -> None:
        calls, inside, waiting = CallsUnderWay(2, 4), 0, list[asyncio.Task[None]]()
        for step in steps:
            if step == "enter":
                waiting.append(asyncio.create_task(calls.__aenter__()))
            elif step == "leave" and inside:
                inside -= 1
                await calls.__aexit__(None, None, None)
            elif step == "cancel" and waiting:
                waiting.pop(0).cancel()
            elif step in {"slow", "fast"}:
                calls.note(60.0 if step == "slow" else 0.0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            inside += sum(1 for task in waiting if task.done() and not task.cancelled())
            waiting = [task for task in waiting if not task.done()]
            assert inside <= 4
        while inside or waiting:
            if inside:
                inside -= 1
                await calls.__aexit__(None, None, None)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            inside += sum(1 for task in waiting if task.done() and not task.cancelled())
            waiting = [task for task in waiting if not task.done()]
        assert not calls.is_full

    asyncio.run(run())
