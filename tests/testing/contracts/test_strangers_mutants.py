"""The kit notices what a stranger's mutants broke: each signed header, the order of addresses, a file's origin."""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from yarl import URL

from satark.api import ProviderClient, file_chunks, provider_url
from satark.api.channel import MediaGone, RawRequest
from satark.api.inbound import Address, Event, Inbound, MediaRef, Moved, Text
from satark_testing.contracts.channel import BrokenRule, Peer, Received, Reply, check_channel
from satark_testing.contracts.fetching import check_files
from satark_testing.contracts.provider_peer import PeerServer
from support.postcards import BODY, PHONE, Postcards, case, signed

FILE = bytes(range(256))
REF = MediaRef(account="postcards:1", id="photo-1", size=len(FILE))
TOKEN = "a-token-of-ours"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


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
            return super().inbound(event, **parts)  # type: ignore[arg-type]
        senders = (Address(PHONE), Address("919000000001"))[:: 1 if self.new_first else -1]
        return super().inbound(Moved(), **{**parts, "senders": senders})  # type: ignore[arg-type]


@pytest.mark.parametrize(("new_first", "rule"), [(True, ""), (False, "C15")])
async def test_the_new_address_comes_first(new_first: bool, rule: str) -> None:  # noqa: FBT001 - a row of the table
    channel = Moving()
    channel.new_first = new_first
    await _check(lambda: check_channel(case(channel, texts=("Hi",))), rule)


class Pictures(Postcards):
    """Postcards with a picture, whose signed address the provider tells."""

    gone: Sequence[int] = (404,)
    longest = 10**6

    def __init__(self, url: str, check: Callable[[str], str], headers: dict[str, str]) -> None:
        self._url, self._check, self._headers, self._client = url, check, headers, ProviderClient(5)

    async def open(self) -> None:
        await self._client.open()

    async def close(self) -> None:
        await self._client.close()

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            async with self._client.session.get(f"{self._url}/media", headers=HEADERS, allow_redirects=False) as answer:
                said = await answer.read()
                if answer.status in self.gone:
                    raise MediaGone
                url = self._check(msgspec.json.decode(said)["url"])
            async with await self._client.get_file(URL(url), 5, self._headers) as answer:
                yield file_chunks(answer, min(ref.size, self.longest), ref.size)
        except (aiohttp.ClientError, ValueError, KeyError, TypeError):
            raise ConnectionError from None


def _picture(asked: Received) -> Reply:
    return Reply(200, FILE if asked.path == "/cdn" else f'{{"url":"{asked.url}/cdn"}}'.encode())


@pytest.mark.parametrize(
    ("check", "headers", "rule"), [(provider_url, {}, ""), (provider_url, HEADERS, "C54"), (str, {}, "C81")]
)
async def test_a_file_at_another_origin_gets_no_credential_and_needs_a_safe_address(
    check: Callable[[str], str], headers: dict[str, str], rule: str
) -> None:
    peer = Peer(
        channel=lambda url: Pictures(url, check, headers),
        read=lambda _: None,
        answer=_picture,
        files=[(REF, FILE)],
        secrets=(TOKEN,),
    )
    async with PeerServer(peer).serving() as server:
        await _check(lambda: check_files(peer, server), rule)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [({"gone": (401, 404)}, "C52"), ({"gone": (404, 429)}, "C52"), ({"longest": 24 * 1024}, "C50"), ({}, "")],
)
async def test_a_refused_token_is_no_missing_file_and_a_long_file_comes_whole(fault: dict[str, Any], rule: str) -> None:
    broken = type("Broken", (Pictures,), fault)
    peer = Peer(
        channel=lambda url: broken(url, provider_url, {}), read=lambda _: None, answer=_picture, files=[(REF, FILE)]
    )
    async with PeerServer(peer).serving() as server:
        await _check(lambda: check_files(peer, server), rule)


class KeyedByWords(Postcards):
    """Postcards whose key is made of their words."""

    def inbound(self, event: Text, **parts: Any) -> Inbound:
        return super().inbound(event, **{**parts, "event_key": f"key {event.body}"})


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
