"""Inbound events hold addresses that never show themselves."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from satark.api.inbound import Address, Inbound, Text

PHONE = "+919876543210"


def test_only_reveal_returns_an_address() -> None:
    address = Address(PHONE)
    assert address.reveal() == PHONE
    assert PHONE not in f"{address} {address!r} {[address]}"
    for leak in (pickle.dumps, msgspec.json.encode, vars):
        with pytest.raises(TypeError):
            leak(address)


def test_equal_addresses_compare_equal() -> None:
    assert {Address(PHONE), Address(PHONE)} == {Address(PHONE)}
    assert Address(PHONE) != Address("+1")
    assert Address(PHONE) != PHONE


def test_the_repr_of_an_event_shows_neither_sender_nor_words() -> None:
    one = Inbound(account="sms:1", event_key=PHONE, senders=(Address(PHONE),), event=Text("arms are sold"))
    assert repr(one) == "Inbound(…)"
