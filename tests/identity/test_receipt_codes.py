"""Receipts: sixteen digits that open exactly one tip."""

from __future__ import annotations

import asyncio
import hmac
import threading

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from satark.identity import receipt_codes
from satark.identity.edge_key import Identity
from satark.identity.receipt_codes import CodeKey, CodeStock, FreshCode, OpenedReceipt, derive
from satark_testing.waiting import until

IDENTITY = Identity(bytes(range(32)))
OPENED = OpenedReceipt(tip="t", number="K4Q7-2XPM", language="hi", root=b"r", identity="AGE-X")


def test_a_code_opens_the_values_sealed_under_it() -> None:
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


def test_no_stored_value_contains_the_code() -> None:
    key = derive("8391446012345678", IDENTITY)
    stored = key.lookup + key.seal(OPENED)
    assert b"8391446012345678" not in stored
    assert "8391446012345678" not in repr(FreshCode("8391446012345678", key, "", "")) + repr(key) + repr(OPENED)


async def test_the_stock_has_different_codes_ready() -> None:
    stock = CodeStock(IDENTITY, ahead=3)
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 3)
        made = [stock.take() for _ in range(5)]
    finally:
        stock.close()
    codes = {one.code for one in made}
    assert len(codes) == 5
    assert all(len(code) == 16 and code.isdecimal() for code in codes)
    assert all(derive(one.code, IDENTITY) == one.key for one in made)
    await until(lambda: not stock._thread.is_alive())
    with pytest.raises(RuntimeError):
        await stock.key("8391446012345678")


def test_the_derivation_of_a_code_never_changes_since_rows_are_stored_under_it() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert key.lookup.hex() == "e6835d928b007b3f3630d05875f745b8"
    assert key.wrap.hex() == "d82db8a6fcaff384982be4c76dbb7aa3d8bdfb49cff92c7b5c1ffa60527e5d5f"
    assert key.unlock(key.lock(b"one thing")) == b"one thing"
    assert key.lock(b"one thing") == key.lock(b"one thing")
    assert key.unlock(b"") is None


def test_the_derivation_is_argon2id_as_another_library_computes_it() -> None:
    work = Argon2id(
        salt=IDENTITY.receipt_salt,
        length=32,
        iterations=receipt_codes.ITERATIONS,
        lanes=1,
        memory_cost=receipt_codes.MEMORY_KIB,
    )
    stretched = work.derive(b"8391446012345678")
    lookup = hmac.digest(IDENTITY.receipt_lookup, stretched, "sha256")[:16]
    assert derive("8391446012345678", IDENTITY).lookup == lookup


def test_an_authentic_row_that_is_no_receipt_opens_nothing() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert key.open(key.lock(b"\x81\xa3tip\xa1\xff")) is None
    assert key.open(key.lock(b"")) is None


def test_a_representation_shows_no_content() -> None:
    key = derive("8391446012345678", IDENTITY)
    assert [repr(one) for one in (OPENED, key, FreshCode("8391446012345678", key, "", ""))] == [
        "OpenedReceipt(…)",
        "CodeKey(…)",
        "FreshCode(…)",
    ]


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("digits", [12, 16])
async def test_an_empty_stock_makes_a_code_at_once_of_the_length_that_is_asked_for(digits: int) -> None:
    stock = CodeStock(IDENTITY, digits=digits, ahead=0)
    stock.start()
    try:
        made = [stock.take() for _ in range(60)]
        assert await stock.key(made[0].code) == made[0].key == derive(made[0].code, IDENTITY)
    finally:
        stock.close()
    assert {len(one.code) for one in made} == {digits}
    assert len({one.code for one in made}) == 60
    assert {one.code[0] for one in made} >= {"0", "9"} or len({one.code[0] for one in made}) > 4


async def test_a_closed_stock_waits_for_no_thread_and_drops_unstarted_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began, go, was_let_go = threading.Event(), threading.Event(), list[bool]()

    def slow(code: str, identity: Identity) -> CodeKey:
        began.set()
        was_let_go.append(go.wait(20))
        return derive(code, identity)

    monkeypatch.setattr(receipt_codes, "derive", slow)
    stock = CodeStock(IDENTITY, ahead=0)
    first, second = (asyncio.ensure_future(stock.key("8391446012345678")) for _ in range(2))
    await until(began.is_set)
    stock.close()
    with pytest.raises(asyncio.CancelledError):
        await second
    go.set()
    await first
    assert was_let_go == [True], "closing waited for the thread"
