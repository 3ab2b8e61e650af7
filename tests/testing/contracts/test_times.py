"""The kit notices an event's time that its request does not name, and a download that a stall would hold for ever."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import aiohttp
import pytest

from satark.api import ProviderClient
from satark.api.channel import MediaGone, RawRequest
from satark.api.inbound import Address, Batch, Inbound, MediaRef, Text
from satark_testing.contracts.channel import BrokenRule, Peer, Received, Reply
from satark_testing.contracts.events import check_events
from satark_testing.contracts.fetching import check_files
from satark_testing.contracts.provider_peer import PeerServer
from support.postcards import PHONE, Postcards, case

AT = 1_750_000_000
FILE = bytes(range(256))
REF = MediaRef(account="postcards:1", id="photo-1", size=len(FILE))


@pytest.mark.parametrize(
    ("sent_at", "body", "noticed"),
    [
        (AT, f'{{"t": {AT}}}', False),
        (AT, f'{{"t": "{AT}678"}}', False),
        (AT + 1234, f'{{"created": {AT}, "sent": "by another form"}}', False),
        (AT + 5 * 3600 + 1800, f'{{"t": {AT}}}', True),
        (AT - 3600, f'{{"t": {AT}000}}', True),
        (int(time.time()) + 90_000, "{}", True),
    ],
    ids=["its own", "with milliseconds", "by another form", "of another time zone", "an hour early", "in the future"],
)
def test_a_time_is_the_requests(sent_at: int, body: str, noticed: bool) -> None:  # noqa: FBT001 - a row of the table
    raw = RawRequest(method="POST", path="/postcards", headers={}, body=body.encode())
    inbound = Inbound(
        account="postcards:1", event_key="k", senders=(Address(PHONE),), event=Text("Hi"), sent_at=sent_at
    )
    with pytest.raises(BrokenRule, match=r"^C83 ") if noticed else nullcontext():
        check_events(case(Postcards()), raw, Batch(inbound=[inbound]))


class Pictures(Postcards):
    """Postcards with pictures."""

    def __init__(self, url: str, timeout: aiohttp.ClientTimeout) -> None:
        self._url, self._timeout, self._client = url, timeout, ProviderClient(5)

    async def open(self) -> None:
        await self._client.open()

    async def close(self) -> None:
        await self._client.close()

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            async with self._client.session.get(
                f"{self._url}/media", timeout=self._timeout, allow_redirects=False
            ) as got:
                if got.status == 404:
                    raise MediaGone
                content = await got.content.read(1_000_000) if got.status == 200 else b""
                while got.status == 200 and len(content) < 1_000_000 and (more := await got.content.read(65_536)):
                    content += more
        except aiohttp.ClientError:
            raise ConnectionError from None
        if len(content) != ref.size:
            raise ConnectionError

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        yield chunks()


@pytest.mark.parametrize(
    ("timeout", "noticed"), [(aiohttp.ClientTimeout(sock_read=30), False), (aiohttp.ClientTimeout(total=None), True)]
)
async def test_a_download_without_a_limit_for_stalls_is_noticed(
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the client's
    noticed: bool,  # noqa: FBT001 - a row of the table
) -> None:
    def answer(asked: Received) -> Reply:
        return Reply(200, FILE)

    peer = Peer(channel=lambda url: Pictures(url, timeout), read=lambda _: None, answer=answer, files=[(REF, FILE)])
    async with PeerServer(peer).serving() as server:
        with pytest.raises(BrokenRule, match=r"^C84 ") if noticed else nullcontext():
            await check_files(peer, server)
