"""The calls of one channel to its simulated provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final, get_args

from satark.api.channel import Channel
from satark.api.inbound import Address
from satark.api.outbound import Call, SendResult
from satark_testing.contracts.channel_case import ChannelCase, numbered_prompt, with_attachments
from satark_testing.contracts.mutations import another
from satark_testing.contracts.provider_peer import Fault, Peer, PeerServer, Reply
from satark_testing.contracts.rules import BrokenRule, absent, raised, require

_DEADLINE_SECONDS: Final = 30
"""Seconds after which a call counts as never ending."""
_DELETING: Final = "DELETE"
"""The method by which a channel may remove an upload at any time."""


class Calls:
    """The calls of one channel to its simulated provider. It has none if the channel starts no conversation."""

    def __init__(self, case: ChannelCase, peer: Peer, server: PeerServer, channel: Channel) -> None:
        self.case, self.peer, self.server, self.channel = case, peer, server, channel
        self.account = channel.accounts[0]
        self.people = case.to, Address(another(case.to.reveal()))
        self._count = 0
        limits = channel.capabilities
        prompt = numbered_prompt(min(300, limits.body or limits.text))
        more = channel.render(with_attachments(1, prompt.text), self.account, case.to) if limits.voice_notes else ()
        self.each = [*channel.render(prompt, self.account, case.to)[:1], *more[1:]]
        """One call of each kind: a text, a receipt's picture and a voice note."""
        self.at = self.last = 0
        """Position of the request that fails, and of the last one, among those of the first of `each`."""

    async def failing(self) -> AsyncIterator[None]:
        """Put each kind of call first in turn, and let each of its requests fail."""
        for call in list(self.each):
            self.each.remove(call)
            self.each.insert(0, call)
            self.server.answering(None)
            await self.send(call, "a call")
            self.last = len(self.made) - 1
            for at in range(self.last + 1):
                self.at = at
                yield
            self.at = 0

    @property
    def made(self) -> list[str]:
        """The methods of the requests since `answering`, but of those that delete an upload."""
        return [one.method for one in self.server.received if one.method != _DELETING]

    @property
    def place(self) -> str:
        """Words that name the request that fails, if there are several kinds of calls."""
        return f", to request {self.at + 1} of `{self.each[0].method}`" if len(self.each) > 1 else ""

    async def send(self, call: Call, subject: str) -> SendResult:
        """Make a call, and require a result without identifiers."""
        self._count += 1
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                result = await self.channel.send(call, self.last_id)
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule("C44", subject, raised(error)) from error
        require(isinstance(result, get_args(SendResult)), "C44", subject, type(result).__name__)
        secret = (*self.case.identifiers, self.case.to.reveal(), "127.0.0.1", "localhost", *self.peer.secrets)
        absent(repr(result) + getattr(result, "code", ""), secret, "C47", subject)
        return result

    async def answered(self, reply: Reply | Fault, subject: str) -> tuple[SendResult, str]:
        """Make the first call while the provider gives this answer to the request that fails."""
        self.server.answering(reply, self.at)
        subject += self.place
        return await self.send(self.each[0], subject), subject

    @property
    def last_id(self) -> str:
        """The id of the last call, as long as the host's."""
        return sha256(f"{self._count}".encode()).hexdigest()[:32]


@asynccontextmanager
async def opened(channel: Channel) -> AsyncIterator[Channel]:
    """Keep a channel open during the block."""
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def opened_calls(case: ChannelCase, peer: Peer, server: PeerServer, url: str = "") -> AsyncIterator[Calls]:
    """Keep a new channel open during the block. `url`: where it looks for its provider, if not at the server."""
    async with opened(peer.channel(url or server.url)) as channel:
        yield Calls(case, peer, server, channel)
