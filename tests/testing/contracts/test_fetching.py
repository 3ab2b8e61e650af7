"""The kit notices a file that is not the announced one, is broken off or never given up, or comes from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import aiohttp
import msgspec
import pytest
from yarl import URL

from satark.api import ProviderClient, file_chunks, provider_url
from satark.api.channel import MediaGone
from satark.api.inbound import MediaRef
from satark_testing.contracts.calls import opened
from satark_testing.contracts.channel import BrokenRule, Peer, Received, Reply
from satark_testing.contracts.fetching import _check_file, check_files
from satark_testing.contracts.provider_peer import PeerServer
from support.postcards import Postcards

FILE = bytes(range(256))
REF = MediaRef(account="postcards:1", id="photo-1", size=len(FILE))
TOKEN = "a-token-of-ours"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Pictures(Postcards):
    """Postcards with a picture, whose signed address the provider tells."""

    gone: Sequence[int] = (404,)
    longest = 10**6
    more = 0
    """Bytes that a file may be longer than announced."""
    seconds: float | None = None
    """Most seconds of a download."""
    stall = 30.0
    """Seconds without a byte that end a download."""

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
            async with await self.get_file(URL(url)) as answer, asyncio.timeout(self.seconds):
                yield file_chunks(answer, min(ref.size + self.more, self.longest), ref.size)
        except (aiohttp.ClientError, ValueError, KeyError, TypeError):
            raise ConnectionError from None

    async def get_file(self, url: URL) -> aiohttp.ClientResponse:
        return await self._client.get_file(url, self.stall, self._headers)


class Following(Pictures):
    """Pictures that follow a redirect of the second request."""

    headers: dict[str, str] | None = HEADERS

    def next_url(self, answer: aiohttp.ClientResponse) -> URL:
        return URL(answer.headers["Location"])

    async def get_file(self, url: URL) -> aiohttp.ClientResponse:
        answer = await super().get_file(url)
        if answer.status != 302:
            return answer
        answer.release()
        return await self._client.get_file(self.next_url(answer), 30, self.headers)


class FollowingSafely(Following):
    headers = None

    def next_url(self, answer: aiohttp.ClientResponse) -> URL:
        return URL(provider_url(answer.headers["Location"]))


class FollowingAnywhere(Following):
    headers = None


def _picture(asked: Received) -> Reply:
    return Reply(200, FILE if asked.path == "/cdn" else f'{{"url":"{asked.url}/cdn"}}'.encode())


@pytest.mark.slow("downloads with every fault")
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
        files_public=False,
        secrets=(TOKEN,),
    )
    async with PeerServer(peer).serving() as server:
        await _check(lambda: check_files(peer, server), rule)


@pytest.mark.slow("downloads with every fault")
@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ({"gone": (401, 404)}, "C52"),
        ({"gone": (404, 429)}, "C52"),
        ({"longest": 24 * 1024}, "C50"),
        ({"more": 1}, "C53"),
        ({"seconds": 300}, "C87"),
        ({"stall": 10_000}, "C84"),
        ({}, ""),
    ],
)
async def test_a_file_comes_whole_as_announced_though_slowly_or_not_at_all(fault: dict[str, Any], rule: str) -> None:
    await _check_pictures(type("Broken", (Pictures,), fault), rule)


@pytest.mark.slow("downloads with every fault")
@pytest.mark.parametrize(("made", "rule"), [(Following, "C54"), (FollowingAnywhere, "C81"), (FollowingSafely, "")])
async def test_a_redirect_of_the_second_request_leads_no_credential_away(made: type[Pictures], rule: str) -> None:
    await _check_pictures(made, rule)


class Unannounced(Pictures):
    """A file without a size: only its status tells that it is none."""

    more = 10**6

    async def get_file(self, url: URL) -> aiohttp.ClientResponse:
        answer = await super().get_file(url)
        if answer.status != 200:
            raise ConnectionError
        return answer


class Telling(Unannounced):
    """Sends the credential to its own host alone."""

    async def get_file(self, url: URL) -> aiohttp.ClientResponse:
        self._headers = HEADERS if str(url).startswith(self._url) else {}
        return await super().get_file(url)


@pytest.mark.parametrize(
    ("made", "public", "rule"),
    [
        (Unannounced, True, ""),
        (Unannounced, False, "C52"),
        (Unannounced, None, "C54"),
        (Telling, True, "C54"),
    ],
)
async def test_a_host_of_public_files_gets_no_credential_and_gives_no_answers_of_the_api(
    made: type[Pictures],
    public: bool | None,  # noqa: FBT001 - a row of the table
    rule: str,
) -> None:
    ref = msgspec.structs.replace(REF, size=0)
    peer = Peer(
        channel=lambda url: made(url, provider_url, {}),
        read=lambda _: None,
        answer=_picture,
        unauthorized=Reply(200, b'{"status": 2}'),
        throttle=lambda _: Reply(200, b'{"status": 12}'),
        files=[(ref, FILE)],
        files_public=public,
    )
    async with PeerServer(peer).serving() as server, opened(peer.channel(server.url)) as channel:
        await _check(lambda: _check_file(channel, peer, server, ref, FILE), rule)


async def _check_pictures(made: type[Pictures], rule: str) -> None:
    peer = Peer(
        channel=lambda url: made(url, provider_url, {}),
        read=lambda _: None,
        answer=_picture,
        files=[(REF, FILE)],
        files_public=True,
    )
    async with PeerServer(peer).serving() as server:
        await _check(lambda: check_files(peer, server), rule)


async def _check(checking: Callable[[], Any], rule: str) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} ") if rule else nullcontext():
        await checking()
