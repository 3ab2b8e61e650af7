"""Receipts: sixteen digits that open exactly one thing."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from satark.identity import receipts
from satark.identity.edge_key import Identity
from satark.identity.receipts import CodeKey, CodeStock, FreshCode, OpenedReceipt, derive
from satark.testing.waiting import until

IDENTITY = Identity(bytes(range(32)))
OPENED = OpenedReceipt(
    tip="t", number="K4Q7-2XPM", language="hi", tip_recipient="age1t", recipient="age1r", identity="AGE-X"
)


def test_a_code_opens_what_was_sealed_under_it() -> None:
    key = derive("8391446012345678", IDENTITY)
    again = derive("8391446012345678", IDENTITY)
    assert key == again
    assert again.open(key.seal(OPENED)) == OPENED


@pytest.mark.parametrize("other", ["8391446012345679", "0391446012345678"])
def test_another_code_finds_and_opens_nothing(other: str) -> None:
    key, wrong = derive("8391446012345678", IDENTITY), derive(other, IDENTITY)
    assert wrong.lookup != key.lookup
    assert wrong.open(key.seal(OPENED)) is None


def test_without_the_edge_key_the_same_code_finds_nothing() -> None:
    assert derive("8391446012345678", Identity(bytes(32))).lookup != derive("8391446012345678", IDENTITY).lookup


def test_an_altered_row_opens_nothing() -> None:
    key = derive("8391446012345678", IDENTITY)
    sealed = bytearray(key.seal(OPENED))
    sealed[3] ^= 1
    assert key.open(bytes(sealed)) is None


def test_the_code_stands_in_nothing_that_is_stored() -> None:
    key = derive("8391446012345678", IDENTITY)
    stored = key.lookup + key.seal(OPENED)
    assert b"8391446012345678" not in stored
    assert "8391446012345678" not in repr(FreshCode("8391446012345678", key)) + repr(key) + repr(OPENED)


async def test_the_mint_keeps_a_stock_of_different_codes() -> None:
    mint = CodeStock(IDENTITY, ahead=3)
    assert mint.pop() is None
    filling = asyncio.ensure_future(mint.run())
    try:
        minted = [await _next(mint) for _ in range(5)]
    finally:
        filling.cancel()
        mint.close()
    codes = {one.code for one in minted}
    assert len(codes) == 5
    assert all(len(code) == 16 and code.isdecimal() for code in codes)
    assert all(derive(one.code, IDENTITY) == one.key for one in minted)


def test_the_derivation_of_a_code_stays_what_it_is_since_rows_are_stored_under_it() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert key.lookup.hex() == "6578ba97b258e8bad404f1dc36db9389"
    assert key.wrap.hex() == "0682cf9e5776e3ed63b30b216b5e4d51bb2ee91425c33c00171fae599918d20a"
    assert key.unlock(key.lock(b"one thing")) == b"one thing"
    assert key.lock(b"one thing") == key.lock(b"one thing")
    assert key.unlock(b"") is None


def test_a_row_that_is_authentic_but_no_receipt_opens_nothing() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert key.open(key.lock(b"\x81\xa3tip\xa1\xff")) is None
    assert key.open(key.lock(b"")) is None


def test_what_shows_is_that_there_is_something_and_no_more() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert [repr(one) for one in (OPENED, key, FreshCode("8391446012345678", key))] == [
        "Opened(…)",
        "Key(…)",
        "Minted(…)",
    ]


@pytest.mark.parametrize("digits", [12, 16])
async def test_a_code_is_made_at_once_of_the_length_that_is_asked_for(digits: int) -> None:
    stock = CodeStock(IDENTITY, digits=digits, ahead=0)
    try:
        made = [await stock.make() for _ in range(60)]
        assert await stock.key(made[0].code) == made[0].key == derive(made[0].code, IDENTITY)
    finally:
        stock.close()
    assert {len(one.code) for one in made} == {digits}
    assert len({one.code for one in made}) == 60
    assert {one.code[0] for one in made} >= {"0", "9"} or len({one.code[0] for one in made}) > 4
    assert stock.pop() is None


async def test_the_stock_ends_at_what_was_asked_for_and_its_threads_end_with_it() -> None:
    stock = CodeStock(IDENTITY, ahead=2)
    filling = asyncio.ensure_future(stock.run())
    try:
        taken = [await _next(stock) for _ in range(2)]
        while len(stock._ready) < 2:  # noqa: ASYNC110 - the stock is filled by threads
            await asyncio.sleep(0.01)
        for _ in range(5):
            await asyncio.sleep(0.02)
        ready = [one for one in (stock.pop() for _ in range(3)) if one is not None]
    finally:
        filling.cancel()
        stock.close()
    assert len(ready) == 2
    assert len({one.code for one in (*taken, *ready)}) == 4
    with pytest.raises(RuntimeError):
        await stock.make()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority: needs Linux")
async def test_the_stock_is_filled_with_what_time_is_left_and_a_waiting_turn_is_not() -> None:
    stock, own = CodeStock(IDENTITY, ahead=1), os.getpriority(os.PRIO_PROCESS, 0)
    filling = asyncio.ensure_future(stock.run())
    try:
        await _next(stock)
        await stock.make()
        threads = {thread.name: thread.native_id for thread in threading.enumerate()}
        priorities = {
            name.rpartition("_")[0]: os.getpriority(os.PRIO_PROCESS, id_)
            for name, id_ in threads.items()
            if id_ is not None and name.startswith("satark-receipts")
        }
    finally:
        filling.cancel()
        stock.close()
    assert priorities == {"satark-receipts": own, "satark-receipts-idle": 19}


async def test_a_closed_stock_waits_for_no_thread_and_drops_what_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began, go, was_let_go = threading.Event(), threading.Event(), list[bool]()

    def slow(code: str, identity: Identity) -> CodeKey:
        began.set()
        was_let_go.append(go.wait(20))
        return derive(code, identity)

    monkeypatch.setattr(receipts, "derive", slow)
    stock = CodeStock(IDENTITY, ahead=0)
    assert (stock._now._max_workers, stock._idle._max_workers) == (1, 1)
    first, second = (asyncio.ensure_future(stock.make()) for _ in range(2))
    await until(began.is_set)
    stock.close()
    with pytest.raises(asyncio.CancelledError):
        await second
    go.set()
    await first
    assert was_let_go == [True], "closing waited for the thread"


async def _next(mint: CodeStock) -> FreshCode:
    while (minted := mint.pop()) is None:  # noqa: ASYNC110 - the stock is filled by threads
        await asyncio.sleep(0.01)
    return minted
