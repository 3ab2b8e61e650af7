"""Sinks and carriers: what such a plugin implements, what it is given to deliver, and the host's services for it.

A carrier is a message broker between this host and offices elsewhere. It sees queues and bytes, never the content of a
message. It may deliver messages more than once and out of order; the receiver (`satark.remote`) tolerates both.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.observability import OperatorError, Redacted
from satark.api.routing import Destination
from satark.api.tip import Evidence, Header, Message, Tip

__all__ = [
    "Carrier", "CarrierConnection", "CarrierError", "DeadLetter", "Delivery", "DeliveryResult", "Done", "ListeningSink",
    "MessageRejected", "OfficeLink", "ReadableTip", "ReadingSink", "Retry", "SealedCopy", "SealedFile", "SealedMessage",
    "Sink",
]  # fmt: skip


class SealedCopy(Protocol):
    """One sealed copy of a file, in the store of files."""

    def read_bytes(self) -> bytes:
        """Read it; this blocks.

        Raises:
            OSError: `FileNotFoundError`: it was erased; another: the store is down.
        """


class SealedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a tip.

    Its record and copies are age-encrypted to the tip's recipient, so a carrier may send them unchanged.

    `satark.api.services.DestinationReader` opens them for a sink, except recordings of the tipster's voice.
    """

    ordinal: str
    state: Literal["due", "sealed", "lost"]
    """`due`: the file is still being fetched, and a later revision contains it. `sealed`: it is stored. `lost`: the
    provider had deleted it."""
    record: bytes = b""
    """A `tip.Evidence`, age-encrypted; empty unless `state` is `sealed`."""
    original: SealedCopy | None = None
    """The sealed original; None unless `state` is `sealed`. The file may be erased at any time."""
    clean: SealedCopy | None = None
    """The sealed clean copy; None: there is none."""
    muted: SealedCopy | None = None
    """The sealed clean copy of a film without its sound; None: there is none."""


class SealedMessage(msgspec.Struct, frozen=True):
    """One message between the desks and the tipster, sent after the tip was submitted."""

    seq: int
    """The message's position in the tip's thread, from 1."""
    sealed: bytes
    """A `tip.Message`, age-encrypted to the tip's recipient."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One tip for one destination. All content is sealed; a sink without a key of the destination can't read it.

    A delivery to the desks at this host (`routing.HERE`) contains only the document: desks read the rest in the store.
    `idempotency_key` is the same at every attempt of the same (tip, destination, revision): pass it to the receiver.
    """

    idempotency_key: str
    tip: str
    """The tip's random id in the store, 32 hex characters, not the tip number. For a notification: `<kind>:<when>`."""
    destination: str
    """`<sink>:<name>`, such as `desk:sp` or `email:sp-cell`."""
    desk: str
    """Name of the desk that the destination belongs to."""
    revision: int
    """1 for the tip as submitted; one more each time that files or messages came after the last revision was attempted.

    A revision contains everything that the tip has when it is attempted, so it replaces all earlier ones. The revisions
    of one tip come in order. This is not the document's revision, `tip.Tip.revision`.
    """
    attempt: int
    """1 for the first attempt."""
    last_reason: str = ""
    """The reason that the last attempt returned, cut to 200 characters. A sink can record in it what it delivered."""
    envelope: bytes
    """A `tip.Envelope`, age-encrypted to the destination's own recipient. If it has none: to its desk's recipient.
    Empty: neither has the tip."""
    document: bytes
    """A `tip.Tip`, age-encrypted to the tip's recipient."""
    files: tuple[SealedFile, ...] = ()
    """The tip's files, in the order in which they were sent."""
    messages: tuple[SealedMessage, ...] = ()
    """The messages of the tip's thread, in order."""
    alarm: str = ""
    """The text of an alarm: a line for each fault, with code and remedy, or the news that the fault has ended."""

    @property
    def kind(self) -> str:
        """The kind of the delivery: `tip`, or the kind of a notification without a tip.

        A kind is `alarm` (see the setting `alarm_to`), or one that the sink queued itself with
        `context.add_delivery(unit, "<kind>:<when>", destination)`.
        """
        return self.tip.partition(":")[0] if ":" in self.tip else "tip"

    @property
    def name(self) -> str:
        """The destination's name without its sink."""
        return Destination(self.destination).name


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The destination has stored the delivery durably."""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """The attempt failed, but a later one may succeed."""

    reason: str
    """The reason that operators are shown: a code or a few words of your own, never tip content or an address."""
    after: float | None = None
    """Seconds until the next attempt, in place of the host's own backoff; None: the backoff."""
    down: bool = False
    """Whether the destination is unreachable for every tip, not only for this one. Soon no other delivery is attempted
    there."""


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter"):
    """The delivery can never succeed. The operator is told, and can retry it with `satark deliveries retry`."""

    reason: str


DeliveryResult: TypeAlias = Done | Retry | DeadLetter
"""What became of a delivery."""


@runtime_checkable
class ListeningSink(Protocol):
    """A sink whose destinations send answers."""

    async def listen(self) -> None:
        """Receive answers until cancelled. It runs alongside the deliveries and is restarted when it fails."""


@runtime_checkable
class Sink(Protocol):
    """A kind of destination."""

    @property
    def name(self) -> str:
        """The plugin's name, such as `desk`; the first half of `Delivery.destination`."""

    async def open(self) -> None:
        """Open the clients. Called once, in the worker's event loop."""

    async def close(self) -> None:
        """Close the clients."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Deliver one tip. After a crash the same delivery may come again: it must have no second effect.

        It should not raise: an exception counts as `Retry`. It is cancelled after 120 seconds.
        """


@runtime_checkable
class ReadingSink(Sink, Protocol):
    """A sink that opens deliveries with the keys of its `[[destination]]` tables; see `DestinationReader`."""

    def reads(self, name: str) -> bool:
        """Return whether a destination must read tips and so needs its own key; `name` is without the sink."""


class ReadableTip(Redacted, frozen=True, kw_only=True):
    """A tip as a destination may read it."""

    header: Header
    tip: Tip
    thread: tuple[Message, ...]
    """The tipster's messages after the submission, in order; never those of desks."""
    evidence: tuple[Evidence, ...]
    """The stored files that may be passed on, in the order in which they were sent."""
    pending: tuple[str, ...] = ()
    """Ordinals of files that are still being fetched; a later revision contains them."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer had."""
    withheld: tuple[str, ...] = ()
    """Ordinals of files with the tipster's voice, which officers can hear only at the desk."""
    damaged: int = 0
    """Number of messages and file records that can't be opened, since they were altered or belong to another tip."""


class CarrierError(OperatorError):
    """The carrier is unreachable or did not confirm a message; retry later. The text is a code that logs may show."""


class MessageRejected(Exception):  # noqa: N818 - the broker's own word for it
    """A message is forged, altered or misaddressed. The carrier moves it to its dead letters."""


@runtime_checkable
class CarrierConnection(Protocol):
    """An open connection to a carrier."""

    async def publish(self, desk: str, message: bytes) -> None:
        """Publish a message to a desk's queue; return once the carrier has confirmed that it is stored.

        Raises:
            CarrierError: it was not confirmed, or there is no such queue.
        """

    async def publish_answer(self, message: bytes) -> None:
        """Publish a message to the queue of answers to the host; return once the carrier has confirmed it.

        Raises:
            CarrierError: as for `publish`.
        """

    async def consume(self, desk: str, handler: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass each message of a desk's queue to `handler`, several at once, until cancelled.

        A message is acknowledged after its handler returns, which stores it. One for which the handler raises
        `MessageRejected` becomes a dead letter; after any other exception it is passed to the handler again.

        Raises:
            CarrierError: the connection broke, or there is no such queue.
        """

    async def consume_answers(self, handler: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass each message of the queue of answers to `handler`, as `consume` does.

        Raises:
            CarrierError: as for `consume`.
        """


@runtime_checkable
class Carrier(Protocol):
    """A kind of message broker."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The URL schemes that it handles, such as `amqp`."""

    def check(self, url: str) -> None:
        """Check a URL without connecting.

        Raises:
            ValueError: it would send a password over a network in plain text.
            SettingsError: the carrier's own settings are wrong.
        """

    def connect(self, url: str) -> AbstractAsyncContextManager[CarrierConnection]:
        """Connect to the broker at a URL that `check` accepted, while the block runs.

        Entering raises `CarrierError` if the broker does not answer.
        """


class OfficeLink(Protocol):
    """Exchanges messages with the offices of remote desks, as sealed bytes; `publish` is a connection's."""

    async def send_tip(self, delivery: Delivery, publish: Callable[[str, bytes], Awaitable[None]]) -> DeliveryResult:
        """Send the complete state of a tip to its remote office; for a desk at this host, send a copy to the carrier.

        Return once the carrier has confirmed each message.

        Raises:
            CarrierError: a message was not confirmed. Confirmed parts of files are not sent again.
        """

    async def send_covers(self, publish: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Send each desk the roster, and covers, which look like tips, at its moments without other deliveries.

        It runs until it is cancelled.
        """

    async def accept(self, message: bytes, publish: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Store an office's answer; return once it is committed. An answer that came before is only confirmed again.

        Raises:
            MessageRejected: it is forged, altered, or not an answer.
            StoreDown: the database can't be written now; retry later.
            CarrierError: the office could not be informed; retry later.
        """
