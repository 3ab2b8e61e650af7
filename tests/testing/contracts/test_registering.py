"""The kit notices a channel that registers once only, for ever, or without pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import pytest

from satark.api import ProviderClient, backoff
from satark.api.channel import Receive
from satark_testing.contracts.channel import BrokenRule, Peer, Reply
from satark_testing.contracts.provider_peer import PeerServer
from satark_testing.contracts.registering import check_listening
from support.postcards import Postcards


class Registering(Postcards):
    """Registers its webhook when it begins to listen. Each test breaks one part of it."""

    def __init__(self, url: str) -> None:
        self._url, self._client = url, ProviderClient(20)

    registered: Sequence[int] = (200,)

    async def open(self) -> None:
        await self._client.open()

    async def close(self) -> None:
        await self._client.close()

    async def listen(self, receive: Receive) -> None:
        attempt = 0
        while not await self.register():
            attempt += 1
            await asyncio.sleep(self.pause(attempt))
        await asyncio.Event().wait()

    async def register(self) -> bool:
        try:
            async with self._client.session.post(f"{self._url}/webhook", allow_redirects=False) as answer:
                return answer.status in self.registered
        except (aiohttp.ClientError, OSError):
            return False

    def pause(self, attempt: int) -> float:
        return backoff(attempt, longest=300)


class Once(Registering):
    async def register(self) -> bool:
        await super().register()
        return True


class Unauthorized(Registering):
    """Takes wrong credentials for success."""

    registered = (200, 401)


class Blocking(Registering):
    def pause(self, attempt: int) -> float:
        time.sleep(super().pause(attempt))
        return 0


class Hasty(Registering):
    def pause(self, attempt: int) -> float:
        return 0


class Regular(Registering):
    def pause(self, attempt: int) -> float:
        return 5


class Endless(Registering):
    """Registers again and again once it had to try twice."""

    tries = 0

    async def register(self) -> bool:
        self.tries += 1
        return await super().register() and self.tries == 1


class GivesUp(Registering):
    async def listen(self, receive: Receive) -> None:
        for attempt in range(1, 4):
            if await self.register():
                break
            await asyncio.sleep(self.pause(attempt))
        await asyncio.Event().wait()


class Stubborn(Registering):
    async def listen(self, receive: Receive) -> None:
        try:
            await super().listen(receive)
        except asyncio.CancelledError:
            await asyncio.sleep(30)


async def check(made: type[Registering | Deaf]) -> None:
    peer = Peer(channel=made, read=lambda _: None, answer=lambda _: Reply(200))
    async with PeerServer(peer).serving() as server:
        await check_listening(peer, server)


class Failing(Registering):
    """Raises: the host starts it again, after pauses that grow."""

    async def register(self) -> bool:
        if await super().register():
            return True
        raise ConnectionError


class Polling(Registering):
    async def listen(self, receive: Receive) -> None:
        attempt = 0
        while True:
            attempt = 0 if await self.register() else attempt + 1
            await asyncio.sleep(self.pause(attempt) if attempt else 1)


class Deaf(Postcards):
    """Does not listen."""

    def __init__(self, url: str) -> None:
        """Need no provider."""


@pytest.mark.slow("minutes of a clock that is put forward")
@pytest.mark.parametrize("made", [Registering, Failing, Polling, Deaf])
async def test_a_channel_that_registers_until_it_succeeds_passes(made: type[Registering | Deaf]) -> None:
    await check(made)


@pytest.mark.slow("minutes of a clock that is put forward")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Once, "C93"),
        (Unauthorized, "C93"),
        (Blocking, "C59"),
        (Hasty, "C93"),
        (Regular, "C93"),
        (Endless, "C93"),
        (GivesUp, "C93"),
        (Stubborn, "C56"),
    ],
)
async def test_a_channel_that_gives_up_or_never_ends_is_noticed(broken: type[Registering], rule: str) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(broken)
