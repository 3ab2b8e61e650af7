"""What a channel plugin hands over: a channel, which speaks one medium.

A channel knows no storage and no server: it turns a provider's bytes into `Inbound` values, turns a `Prompt` into
provider `Call`s, and sends them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.inbound import Address, Batch, MediaRef
from satark.api.outbound import Call, SendResult
from satark.api.prompt import Capabilities, Prompt

__all__ = [
    "Channel",
    "Endpoint",
    "ErasingChannel",
    "ListeningChannel",
    "Malformed",
    "MediaGone",
    "Outcome",
    "RawRequest",
    "RawResponse",
    "Receive",
    "SigningChannel",
]


class RawRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as it came: the exact bytes, since signatures cover those. Header names are lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"RawRequest({self.method} {self.path})"


class RawResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP response. `media_type` and `body` are sent as they are."""

    status: int = 200
    media_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a webhook: whether its events were accepted and, for an inline channel, the prompts to show."""

    prompts: Sequence[Prompt] = ()
    state: Literal["accepted", "spooled", "refused"] = "accepted"
    """`accepted`: committed to the database. The other two occur only while the database is down, on inline channels
    and where the provider resends nothing.

    `spooled`: the events are sealed on this machine and are replayed later; the replies then go through `render`.
    `refused`: the spool is full, on an inline channel. The prompt says so in every language: the tipster's is unknown.
    """


class Malformed(ValueError):  # noqa: N818 - it reads as what it says where it is raised
    """`parse` could not read a correctly signed body. Answered 200 and counted: a 4xx would be retried for days."""


class MediaGone(Exception):  # noqa: N818 - likewise
    """`fetch`: the provider no longer has the file, or it is not what was announced. It is not tried again."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One address that the provider calls."""

    path: str
    methods: tuple[str, ...]
    limit: int
    """The largest body taken, in bytes; above it: 413. The body of a GET is never read."""
    signature_header: str = ""
    """The header with the signature, in lower case: a POST without it gets 401 before its body is read. Empty: none."""
    signs_body: bool = True
    """False: the header holds a secret, so that `verify` is asked before the body is read, with an empty one."""


def channel_of(account: str) -> str:
    """Return the name of the channel that an account (`Channel.accounts`) belongs to."""
    return account.partition(":")[0]


@runtime_checkable
class Channel(Protocol):
    """One medium. The sync methods are pure and fast (they run on the event loop); the async ones may wait."""

    @property
    def name(self) -> str:
        """The plugin's name, such as `whatsapp`."""

    @property
    def accounts(self) -> Sequence[str]:
        """The configured accounts, each named `<channel>:<provider's id of the number or bot>`."""

    @property
    def capabilities(self) -> Capabilities:
        """What the medium can show; the flow loader holds every prompt of every language against it."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The addresses to serve."""

    def verify(self, raw: RawRequest) -> bool:
        """Say whether the request is really the provider's, from headers and bytes, in constant time.

        Runs before any parsing; False is answered 401 and leaves no trace.
        """

    def parse(self, raw: RawRequest) -> Batch:
        """Read a verified request whole, every item of it, dropping all that identifies a person.

        Raises:
            Malformed: the body can't be read at all. A single item that can't be read is counted as ignored instead.
        """

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Turn a prompt, already fitted to `capabilities`, into calls: as few as can be, in the order to be sent.

        An inline medium is asked only for what can't stand in a response: what we begin (a draft that expired), and
        the answer to what was spooled while the database was down. One that can't begin gives no call.
        """

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Like `render`, for news that we begin: with a neutral `fallback` for a closed reply window."""

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer the request itself, after the commit. An inline medium renders `outcome.prompts` here."""

    async def open(self) -> None:
        """Start: open the client. Called once, in the loop that will run `send` and `fetch`."""

    async def close(self) -> None:
        """Stop: close the client."""

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make the call once. Never raises for what a provider or a network does; never retries by itself.

        `call_id` is ours, random, and safe to give to the provider as its callback reference or idempotency key.
        """

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the file as a stream of byte chunks. The caller counts bytes and stops at its own limit.

        Raises:
            MediaGone: it is not there any more, or not what was announced.
            OSError: the network or the provider failed; the caller tries again later.
        """

    async def discard(self, ref: MediaRef) -> None:
        """Delete the file at the provider, as far as it lets us. Called after the file is sealed here."""


Receive: TypeAlias = Callable[[Batch], Awaitable[None]]
"""Takes what a channel fetched by itself. It returns after the commit, and raises where nothing may be confirmed."""


@runtime_checkable
class ListeningChannel(Protocol):
    """A channel that also works by itself: registers its webhook, or fetches what the provider can't bring."""

    async def listen(self, receive: Receive) -> None:
        """Work until cancelled, in one process of the web role or in several. Where it breaks off it is begun again."""


@runtime_checkable
class SigningChannel(Protocol):
    """A channel that can sign a request as its provider does, for `satark replay`: recorded ones hold no signature."""

    def sign(self, raw: RawRequest) -> RawRequest:
        """Return a request that `verify` takes, with the same method, path and body."""


@runtime_checkable
class ErasingChannel(Protocol):
    """A channel that can delete messages, ours and the sender's: it is offered at the end of a conversation."""

    def erase(self, message_ids: Sequence[str], account: str, to: Address) -> Sequence[Call]:
        """Make the calls that delete these messages of a chat, given by provider message id; to repeat one is safe."""
