"""A flood from one contact: its messages wait their turn in order, those of others pass, and nothing of it stays."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.ingest.sender_share import SenderShares
from satark.store.writer import StoreDown
from satark.testing.waiting import until

ASHA, BINA = b"a" * 32, b"b" * 32


async def test_of_one_sender_a_few_are_at_work_and_others_pass() -> None:
    shares, order = SenderShares(2, 100), list[str]()

    async def message(sender: bytes, name: str, done: asyncio.Event) -> None:
        await shares.enter(sender)
        order.append(name)
        await done.wait()
        shares.leave(sender)

    done = asyncio.Event()
    flood = [asyncio.create_task(message(ASHA, f"asha {n}", done)) for n in range(50)]
    other = asyncio.create_task(message(BINA, "bina", done))
    await until(lambda: "bina" in order)
    assert order == ["asha 0", "asha 1", "bina"]
    done.set()
    await asyncio.gather(*flood, other)
    assert [name for name in order if name != "bina"] == [f"asha {n}" for n in range(50)]
    assert len(shares) == 0


async def test_more_than_may_wait_are_refused() -> None:
    shares = SenderShares(1, 2)
    await shares.enter(ASHA)
    waiting = [asyncio.create_task(shares.enter(ASHA)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(StoreDown):
        await shares.enter(ASHA)
    await shares.enter(BINA)
    for _ in range(3):
        shares.leave(ASHA)
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    shares.leave(BINA)
    assert len(shares) == 0


@given(st.lists(st.sampled_from(["enter", "leave", "cancel"]), max_size=60))
def test_never_more_than_the_share_and_nothing_stays(steps: list[str]) -> None:
    async def run() -> None:
        shares, inside, waiting = SenderShares(2, 100), 0, list[asyncio.Task[None]]()

        async def settle() -> None:
            nonlocal inside, waiting
            for _ in range(3):
                await asyncio.sleep(0)
            inside += sum(1 for task in waiting if task.done() and not task.cancelled())
            waiting = [task for task in waiting if not task.done()]
            assert inside <= 2

        for step in steps:
            if step == "enter":
                waiting.append(asyncio.create_task(shares.enter(ASHA)))
            elif step == "leave" and inside:
                inside -= 1
                shares.leave(ASHA)
            elif step == "cancel" and waiting:
                waiting[-1].cancel()
            await settle()
        while inside or waiting:
            inside -= 1
            shares.leave(ASHA)
            await settle()
        assert len(shares) == 0

    asyncio.run(run())
