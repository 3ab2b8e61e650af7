"""Receipts: sixteen digits that open exactly one thing."""

from __future__ import annotations

import asyncio

import pytest

from satark.identity.edge_key import Identity
from satark.identity.receipts import CodeStock, FreshCode, OpenedReceipt, derive

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


async def _next(mint: CodeStock) -> FreshCode:
    while (minted := mint.pop()) is None:  # noqa: ASYNC110 - the stock is filled by threads
        await asyncio.sleep(0.01)
    return minted
