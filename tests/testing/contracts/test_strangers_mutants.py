"""The kit notices what a stranger's mutants broke: each signed header, the order of addresses, the keys of events."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Address, Event, Inbound, Moved, Text
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import BODY, PHONE, Postcards, case, signed


class Stamped(Postcards):
    """Postcards with a signed time."""

    signs_time = checks_age = True

    def verify(self, raw: RawRequest) -> bool:
        stamp = raw.headers.get("x-time", "")
        made = stamped(raw.body, stamp, signs_time=self.signs_time).headers["signature"]
        genuine = hmac.compare_digest(raw.headers.get("signature", "").encode(), made.encode())
        return genuine and stamp.isdigit() and (not self.checks_age or abs(time.time() - int(stamp)) < 300)


def stamped(body: bytes, stamp: str = "", *, signs_time: bool = True) -> RawRequest:
    stamp = stamp or str(int(time.time()))
    signature = hmac.digest(b"key", (stamp.encode(errors="replace") if signs_time else b"") + body, "sha256").hex()
    return RawRequest(method="POST", path="/postcards", headers={"x-time": stamp, "signature": signature}, body=body)


@pytest.mark.parametrize(
    ("changed", "given", "rule"),
    [
        ({}, {}, ""),
        ({"signs_time": False}, {}, "C07"),
        ({"checks_age": False}, {}, "C67"),
        ({}, {"stale": ()}, "C67"),
    ],
)
async def test_each_signed_header_is_forged_alone_and_a_signed_time_needs_old_requests(
    changed: dict[str, bool], given: dict[str, Any], rule: str
) -> None:
    channel = Stamped()
    vars(channel).update(changed)
    signs_time = changed.get("signs_time", True)
    genuine = [stamped(body, signs_time=signs_time) for body in (BODY, BODY.replace(b"Hi", b"Bye"))]
    stale = [stamped(BODY, str(int(time.time()) - 400), signs_time=signs_time)]
    await _check(lambda: check_channel(case(channel, **{"genuine": genuine, "stale": stale, **given})), rule)


async def test_a_header_that_proves_nothing_is_named() -> None:
    genuine = [signed(body) for body in (BODY, BODY.replace(b"Hi", b"Bye"))]
    genuine = [msgspec.structs.replace(raw, headers={**raw.headers, "x-trace": "12ab"}) for raw in genuine]
    await _check(lambda: check_channel(case(Postcards(), genuine=genuine)), "C08")
    await _check(lambda: check_channel(case(Postcards(), genuine=genuine, unsigned=("x-trace",))), "")


class Moving(Postcards):
    """Postcards of a person who has moved."""

    new_first = True

    def inbound(self, event: Event, **parts: Any) -> Inbound:
        if parts["event_key"] != "key Bye":
            return super().inbound(event, **parts)
        senders = (Address(PHONE), Address("919000000001"))[:: 1 if self.new_first else -1]
        return super().inbound(Moved(), **{**parts, "senders": senders})


@pytest.mark.parametrize(("new_first", "rule"), [(True, ""), (False, "C15")])
async def test_the_new_address_comes_first(new_first: bool, rule: str) -> None:  # noqa: FBT001 - a row of the table
    channel = Moving()
    channel.new_first = new_first
    await _check(lambda: check_channel(case(channel, texts=("Hi",))), rule)


class KeyedByWords(Postcards):
    """Postcards whose key is made of their words."""

    def inbound(self, event: Event, **parts: Any) -> Inbound:
        words = event.body if isinstance(event, Text) else ""
        return super().inbound(event, **{**parts, "event_key": f"key {words}"})


async def test_a_key_of_the_words_and_a_message_given_twice_are_noticed() -> None:
    await _check(lambda: check_channel(case(KeyedByWords())), "C74")
    await _check(lambda: check_channel(case(Postcards(), genuine=[signed(BODY)] * 2, texts=("Hi",))), "C12")


async def _check(checking: Callable[[], Any], rule: str) -> None:
    found = ""
    try:
        await checking()
    except BrokenRule as broken:
        found = broken.rule.id
    assert found == rule
