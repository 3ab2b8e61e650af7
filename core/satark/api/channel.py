"""What a channel plugin hands over, and the values that pass between a channel and the core.

A channel speaks one medium. It knows no storage and no server: it turns a provider's bytes into `Inbound` values,
turns a `Prompt` into provider `Call`s, and sends them. Everything that identifies a person (phone, user id, profile
name, user agent, file name) is dropped by `parse`, except the opaque `Address`, which only
`satark.identity` opens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.prompt import Capabilities, Prompt
from satark.api.redacted import Redacted
from satark.api.send_result import Delivered, SendResult

__all__ = [
    "SPOKEN",
    "Address",
    "Batch",
    "Call",
    "Channel",
    "CompleteTip",
    "Edited",
    "Endpoint",
    "ErasingChannel",
    "Event",
    "FormPage",
    "Inbound",
    "ListeningChannel",
    "Malformed",
    "Media",
    "MediaGone",
    "MediaKind",
    "MediaRef",
    "Moved",
    "Outcome",
    "Pin",
    "RawRequest",
    "RawResponse",
    "Receive",
    "Revoked",
    "SigningChannel",
    "Tap",
    "Text",
    "Unsupported",
    "channel_of",
]


class Address:
    """One opaque address of a sender at a provider (a phone, a BSUID, a chat id).

    It never shows itself: `str`, `repr`, formatting and pickling give or raise nothing of it. Only `reveal` does, and
    only `satark.identity.edge_key` and a channel's own `render` and `parse` may call that.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the address in clear. For `satark.identity.edge_key` and the channel that made it, and nobody else."""
        return self._value

    def __repr__(self) -> str:
        return "Address(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("an address is never pickled")


class MediaRef(Redacted, frozen=True, kw_only=True):
    """A file that still lies at the provider: enough for the same channel's `fetch` to get it, and nothing more."""

    account: str
    id: str
    """The provider's media id, or a URL path. Never a file name."""
    mime: str = ""
    """What the provider says it is; the evidence pipeline believes only the bytes."""
    sha256: str = ""
    """Hex digest announced by the provider, or empty. `fetch` must not deliver bytes that differ."""
    size: int = 0
    """Bytes announced by the provider, or 0 where it says nothing."""


MediaKind: TypeAlias = Literal["image", "video", "audio", "voice", "document", "sticker"]

SPOKEN: Final[frozenset[MediaKind]] = frozenset({"audio", "voice"})
"""The kinds that somebody can be known by when they are heard."""


class Text(Redacted, frozen=True, tag="text"):
    """A typed message, as typed (not folded, not trimmed)."""

    body: str


class Tap(Redacted, frozen=True, tag="tap"):
    """A tapped button or row: the `Choice.token` that the core gave it, back again. `title` is what it showed."""

    token: str
    title: str = ""


class Pin(Redacted, frozen=True, tag="pin"):
    """A location, in degrees (WGS 84), with the name and address of the place where the sender picked one."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Media(Redacted, frozen=True, tag="media"):
    """One file. An album arrives as several of these, each with an event key of its own."""

    ref: MediaRef
    kind: MediaKind
    caption: str = ""


class CompleteTip(Redacted, frozen=True, tag="whole"):
    """A complete tip in one message, on a medium that has a form for it. Submitted at once, unless one is under way."""

    content: Text | Media
    last: bool = False
    """Whether nothing more will come: a draft that is under way is then submitted with it, so that neither is lost."""
    typed: Text | None = None
    """The message as it was typed, with the word that marks it: with something under way it is an answer to that."""


class FormPage(Redacted, frozen=True, tag="filled"):
    """A page of a form: answers to the questions that it names, whichever is being asked now; all taken in one turn.

    Of an empty `Text` the question was left blank. A `Tap` holds the code of an option alone, or `@clear` to erase the
    files of its question. Several taps of one question choose several options.
    """

    answers: tuple[tuple[str, Text | Tap | Pin | Media], ...]
    """The id of a step, and what was answered to it; with a mailbox open: `@mailbox`, and a message to the police."""
    language: str = ""
    """The language of the page, for a conversation that knows none (any more)."""
    token: str = ""
    """What the form was offered under (`Prompt.form`): one of another conversation is refused; empty: no form was."""


class Edited(Redacted, frozen=True, tag="edited"):
    """The sender rewrote an earlier message. `original` is that message's event key."""

    original: str
    body: str


class Revoked(Redacted, frozen=True, tag="revoked"):
    """The sender took an earlier message back. `original` is that message's event key."""

    original: str


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """The provider says that the sender's address changed: `Inbound.senders` holds the old ones and the new ones.

    The core links them, so that the conversation goes on; nothing is answered.
    """


class Unsupported(msgspec.Struct, frozen=True, tag="unsupported"):
    """Something this channel can't take (a poll, a call, an order). It is answered politely and kept nowhere."""

    what: str


Event: TypeAlias = Text | CompleteTip | FormPage | Tap | Pin | Media | Edited | Revoked | Moved | Unsupported


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One provider call, ready to be sent: one outbox row. It carries the address, so it is stored sealed only."""

    account: str
    method: str
    """The channel's own name of the operation, such as `messages`."""
    body: bytes
    fallback: bytes = b""
    """The body to send when the provider answers that its reply window is closed; empty: give up quietly."""

    def __repr__(self) -> str:
        return f"Call({self.method})"


class Inbound(Redacted, frozen=True, kw_only=True):
    """One event from one sender, as `parse` hands it over.

    `event_key` is what each delivery of it repeats. Only a keyed hash is stored: WhatsApp's has a phone number in it.
    """

    account: str
    event_key: str
    senders: tuple[Address, ...]
    """Every address that the provider gave for this one sender, the most lasting first. Replies go to the first."""
    event: Event
    sent_at: int | None = None
    """When it, or what it answers, was sent (Unix seconds), if the provider says the same at each delivery."""
    provider_message_id: str = ""
    """The provider's id of the message, where the channel can delete it later (`ErasingChannel`); else empty."""
    seen: Call | None = None
    """A best-effort call that shows the sender "read", made soon after the reply; never stored, never retried."""
    busy: Call | None = None
    """The same, but showing "typing" too: made instead while the reply still waits."""
    answer: Call | None = None
    """A best-effort call that a phone waits for (a tapped button turns until then), made at once; not stored either."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one webhook carried. One webhook may carry many events of several accounts."""

    inbound: Sequence[Inbound] = ()
    delivered: Sequence[Delivered] = ()
    ignored: int = 0
    """How many items were understood and need nothing (read marks, reactions); counted, never logged."""
    chores: Sequence[Call] = ()
    """Calls to make once everything is taken, whoever sent it: to have the provider delete what it keeps.

    They go through the outbox, so that a crash or a dead provider does not lose them. To repeat one must do no harm.
    """
    alarms: Sequence[str] = ()
    """Error codes that the provider reports about the account itself (a message it lost, a limit reached).

    They are the provider's own short codes, safe to count by and to show to the operator.
    """


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
