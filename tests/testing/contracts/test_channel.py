"""The contract of channels accepts a correct channel and detects a faulty one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import msgspec
import pytest

from satark.api.channel import (
    RawRequest,
    RawResponse,
)
from satark.api.inbound import Batch, MediaRef, Pin
from satark_testing.contracts.channel import BrokenRule, Peer, check_channel
from support.postcards import BODY, Postcards, case, signed


async def test_an_inline_channel_answers_in_the_response() -> None:
    await check_channel(case(Postcards()))
    channel = Postcards()
    channel.reply = lambda raw, outcome: RawResponse()  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C23 the response of an inline channel holds the whole prompt"):
        await check_channel(case(channel))


async def test_a_case_with_one_message_cannot_test_event_keys() -> None:
    with pytest.raises(BrokenRule, match="C05"):
        await check_channel(case(Postcards(), genuine=[signed(BODY)], texts=("Hi",)))


@pytest.mark.parametrize(
    "read",
    [
        lambda headers: headers["x-trace"],
        lambda headers: headers.get("x-trace", "12ab").encode("ascii"),
        lambda headers: int(headers.get("x-trace", "12ab") or "0", 16) if headers.get("x-trace") else 0,
        lambda headers: headers.get("x-trace", "12ab")[0],
    ],
    ids=["left out", "not ASCII", "given twice", "empty"],
)
async def test_each_header_alone_may_be_odd(read: Callable[[Mapping[str, str]], object]) -> None:
    class Traced(Postcards):
        def verify(self, raw: RawRequest) -> bool:
            return super().verify(raw) and bool(str(read(raw.headers)) or "x")

    genuine = [signed(body) for body in (BODY, BODY.replace(b"Hi", b"Bye"))]
    genuine = [msgspec.structs.replace(raw, headers={**raw.headers, "x-trace": "12ab"}) for raw in genuine]
    with pytest.raises(BrokenRule, match=r"^C09 (.*\n)*.*header x-trace"):
        await check_channel(case(Traced(), genuine=genuine, unsigned=("x-trace",)))


async def test_a_file_with_a_short_id_can_not_be_looked_for() -> None:
    files = [(MediaRef(account="postcards:1", id="p1"), b"x")]
    peer = Peer(channel=lambda _: Postcards(), read=lambda _: None, files=files, silent=True)
    with pytest.raises(BrokenRule, match=r"^C58 (.*\n)*.*`p1`: a log has so short an id"):
        await check_channel(case(Postcards(), peer=peer))


class Map(Postcards):
    """Postcards with two places."""

    digits = 9

    def parse(self, raw: RawRequest) -> Batch:
        try:
            places = msgspec.json.decode(raw.body, type=Places).places
        except msgspec.MsgspecError:
            return super().parse(raw)
        pins = [Pin(round(one[0], self.digits), one[1]) for one in places]
        return Batch(inbound=[self.inbound(pin, event_key=f"key {number}") for number, pin in enumerate(pins)])


class Places(msgspec.Struct):
    places: list[tuple[float, float]]


@pytest.mark.parametrize(("digits", "rule"), [(9, ""), (4, "C65")])
async def test_each_of_two_pins_keeps_its_digits(digits: int, rule: str) -> None:
    channel = Map()
    channel.digits = digits
    means = [(signed(b'{"places":[[25.25,83.01],[25.26,83.02]]}'), [Pin(25.25, 83.01), Pin(25.26, 83.02)])]
    with pytest.raises(BrokenRule, match=rf"^{rule} (.*\n)*.*with the latitude 25.3176451") if rule else nullcontext():
        await check_channel(case(channel, means=means))


@pytest.mark.parametrize(
    ("proven_by", "fields"), [("query", {"query": "key=4711"}), ("path", {"path": "/postcards/4711"})]
)
async def test_a_channel_that_ignores_its_secret_is_detected_wherever_the_secret_is(
    proven_by: str, fields: dict[str, str]
) -> None:
    """The kit detects a channel that accepts every request, wherever its secret is."""

    def proven(raw: RawRequest) -> bool:
        (name, expected), *_ = fields.items()
        return hmac.compare_digest(str(getattr(raw, name)).encode(), expected.encode())

    genuine = [
        msgspec.structs.replace(signed(body), headers={}, **fields) for body in (BODY, BODY.replace(b"Hi", b"Bye"))
    ]
    channel = Postcards()
    channel.verify = proven  # type: ignore[method-assign]
    changed: dict[str, Any] = {"genuine": genuine, "proven_by": proven_by, "covers_body": False}
    await check_channel(case(channel, **changed))
    with pytest.raises(BrokenRule, match=r'C08(.*\n)*.*say where its secret is, such as `proven_by="path"`'):
        await check_channel(case(channel, **{**changed, "proven_by": "headers"}))
    channel.verify = lambda raw: True  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C08 `verify` refuses a request without its signature or secret"):
        await check_channel(case(channel, **changed))
