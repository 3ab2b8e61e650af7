"""Channels: what a plugin implements to receive tips from a medium and to answer there.

A channel has no access to storage and runs no server. It parses a provider's requests into `Inbound` values, renders a
`Prompt` as calls of the provider (`Call`), and sends these.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec

from satark.api.inbound import Address, Batch, Malformed, MediaRef
from satark.api.outbound import Call, Permanent, SendResult
from satark.api.prompt import Capabilities, Prompt

__all__ = [
    "Channel", "Endpoint", "ErasingChannel", "ListeningChannel", "MediaGone", "Outcome", "PageChannel", "RawRequest",
    "RawResponse", "Receive",
]  # fmt: skip

T = TypeVar("T")


class RawRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as received. The body holds the exact bytes, since signatures cover them.

    Header names are lower-case.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"RawRequest({self.method} {self.path})"


class RawResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP response. `media_type` and `body` are sent unchanged."""

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


class MediaGone(Exception):  # noqa: N818 - likewise
    """`fetch` raises this if the provider no longer has the file, or has another one than it announced.

    The host does not retry.
    """


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP address that the provider calls."""

    path: str
    methods: tuple[str, ...]
    limit: int
    """Largest body that is accepted, in bytes; a larger one is answered 413. The body of a GET is never read."""
    signature_header: str = ""
    """Name of the header with the signature, in lower case. A POST without it is answered 401 before its body is read.
    Empty: no header is required."""
    signs_body: bool = True
    """Whether the signature covers the body. False: the header holds a secret, and `verify` is called with an empty
    body before the body is read."""


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
        """Names of the configured accounts, each `<channel>:<provider's id of the number or bot>`."""

    @property
    def capabilities(self) -> Capabilities:
        """What the medium can show. The flow loader checks every prompt in every language against these limits."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The HTTP addresses to serve."""

    def verify(self, raw: RawRequest) -> bool:
        """Return whether the provider sent the request, judged by its headers and bytes.

        Compare secrets in constant time.

        Called before `parse`. After False the host answers 401, and stores and logs nothing of the request.
        """

    def parse(self, raw: RawRequest) -> Batch:
        """Read every item of a verified request, with `parse_each`. Drop everything that identifies a person.

        Raises:
            Malformed: the body can't be read at all. A single item that can't be read is counted as ignored instead.
        """

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return the calls that show a prompt, as few as possible, in sending order.

        The prompt already fits `capabilities`.

        For an inline medium this is called only where no HTTP response can carry the prompt: for a message that Satark
        starts, such as that a draft expired, and for the answer to a message that was spooled while the database was
        down. A medium on which Satark can't start a message returns no call.
        """

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Like `render`, for news that Satark sends unasked.

        Set each call's `fallback`, neutral text for a closed reply window.
        """

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Return the response to the request, after the commit. An inline medium renders `outcome.prompts` here."""

    async def open(self) -> None:
        """Open the client. Called once, in the event loop that will run `send` and `fetch`."""

    async def close(self) -> None:
        """Close the client."""

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Send the call once, without retries. Return every failure of the provider or network as a result.

        `call_id` is a random id that the host chose. It may be given to the provider as a callback reference or
        idempotency key.
        """

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the file as a stream of chunks of bytes. The caller counts the bytes and stops at its own limit.

        Raises:
            MediaGone: the provider no longer has the file, or has another one than it announced.
            OSError: the network or the provider failed; the caller tries again later.
        """

    async def discard(self, ref: MediaRef) -> None:
        """Delete the file at the provider, if the provider allows it. Log a failure; raise nothing.

        Called after the host has sealed its copy.
        """


class PageChannel:
    """Base class of a channel whose pages take the requests themselves: no webhook, no calls, nothing to open.

    A subclass has a name, accounts and capabilities, and `fetch` and `discard` if it keeps files.
    """

    endpoints: Sequence[Endpoint] = ()

    def verify(self, raw: RawRequest) -> bool:
        """Refuse every request."""
        del raw
        return False

    def parse(self, raw: RawRequest) -> Batch:
        """Refuse every request.

        Raises:
            Malformed: always.
        """
        raise Malformed("this channel has no webhook")

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: a closed page can't be reached."""
        del prompt, account, to
        return ()

    notice = render

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Return the prompts as plain text. The pages show them in full."""
        del raw
        return RawResponse(body="\n\n".join(prompt.text for prompt in outcome.prompts).encode())

    async def open(self) -> None:
        """Open nothing."""

    async def close(self) -> None:
        """Close nothing."""

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Refuse: there are no calls."""
        del call, call_id
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Find no file.

        Raises:
            MediaGone: always.
        """
        raise MediaGone(ref.account)

    async def discard(self, ref: MediaRef) -> None:
        """Discard nothing."""


Receive: TypeAlias = Callable[[Batch], Awaitable[Outcome]]
"""Ingests a batch that a channel fetched by itself. It returns after the commit. If it raises, the channel must not
confirm the batch to the provider. An inline medium shows the prompts of the outcome."""


@runtime_checkable
class ListeningChannel(Protocol):
    """A channel with a background task, which registers its webhook or polls the provider for events."""

    async def listen(self, receive: Receive) -> None:
        """Run until cancelled, in one or several processes of the web role. It is restarted when it fails."""


@runtime_checkable
class CarryingChannel(Protocol):
    """A channel that carries calls in the memory of this process."""

    @property
    def in_use(self) -> bool:
        """Whether the process must not be replaced now: a call is under way."""


@runtime_checkable
class ErasingChannel(Protocol):
    """A channel that can delete messages of both sides of a chat. Satark offers this at the end of a conversation."""

    def erase(self, message_ids: Sequence[str], account: str, to: Address) -> Sequence[Call]:
        """Return the calls that delete these messages of a chat, given by provider message id.

        Repeating a call must be safe.
        """
