"""Sinks and carriers: what such a plugin hands over, what it is given to deliver, and what the host lends it for that.

A carrier is a message broker between this host and offices elsewhere. It sees queues and bytes, never the content of a
message. It may deliver a message more than once and out of order; the receiver (`satark.remote`) tolerates both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.observability import OperatorError
from satark.api.routing import Destination
from satark.api.tip import Evidence, Header, Message, Tip

__all__ = [
    "Carrier",
    "CarrierConnection",
    "CarrierError",
    "DeadLetter",
    "Delivery",
    "DeliveryResult",
    "Done",
    "ListeningSink",
    "MessageRejected",
    "OfficeLink",
    "ReadableTip",
    "ReadingSink",
    "Retry",
    "SealedFile",
    "SealedMessage",
    "Sink",
]


class SealedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a tip. Record and copies are age, to the tip's recipient: a carrier may ship them as they are.

    `satark.api.services.DestinationReader` opens them for a sink, except for notes that the tipster spoke.
    """

    ordinal: str
    state: Literal["due", "sealed", "lost"]
    """`due`: still being fetched; a later revision brings it. `lost`: the provider no longer had it."""
    record: bytes = b""
    """age: a `tip.Evidence`; empty unless sealed."""
    original: Path | None = None
    """The sealed original; None unless sealed. It may be erased at any time."""
    clean: Path | None = None
    """The sealed clean copy; None where there is none."""
    muted: Path | None = None
    """The sealed clean copy of a film without its sound; None where there is none."""


class SealedMessage(msgspec.Struct, frozen=True):
    """One message between the desks and the tipster, since the tip was handed in."""

    seq: int
    """Its place in the tip's thread, 1 for the first."""
    sealed: bytes
    """age, to the tip's recipient: a `tip.Message`."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One tip for one destination. All content is sealed; a sink that is a mere carrier can't read it.

    To the desks at this host (`destination.HERE`) it carries the document alone: they read the rest in the store.
    `idempotency_key` is the same at every attempt of the same (tip, destination, revision): hand it to the receiver.
    """

    idempotency_key: str
    tip: str
    """The tip's random id in the store, 32 hex characters, not the tip number. Of a notification: `<kind>:<when>`."""
    destination: str
    """`<sink>:<name>`, such as `desk:sp` or `email:sp-cell`."""
    desk: str
    """The desk that the destination belongs to."""
    revision: int
    """1 for the tip as it was handed in; one more whenever files or messages came since the last one was attempted.

    A revision holds everything that is there when it is attempted, so that it replaces all earlier ones. Those of one
    tip come in order. It is not the document's revision, `tip.Tip.revision`.
    """
    attempt: int
    """1 for the first attempt."""
    envelope: bytes
    """age: a `tip.Envelope`, to the destination's own recipient, or where it has none to its desk's. Empty: neither
    has the tip."""
    document: bytes
    """age, to the tip's recipient: a `tip.Tip`."""
    files: tuple[SealedFile, ...] = ()
    """The tip's files, in the order they were sent."""
    messages: tuple[SealedMessage, ...] = ()
    """The tip's thread, in order."""

    @property
    def kind(self) -> str:
        """What is delivered: `tip`, or a kind of notification without a tip: `alarm` (see the setting `alarm_to`), or
        what the sink queued itself with `context.add_delivery(unit, "<kind>:<when>", destination)`."""
        return self.tip.partition(":")[0] if ":" in self.tip else "tip"

    @property
    def name(self) -> str:
        """The destination's name without its sink."""
        return Destination(self.destination).name


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The destination has it, durably."""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """It did not work now."""

    reason: str
    """Shown to operators: a code or a few words of your own, never content and no address."""
    after: float | None = None
    """Seconds until the next attempt, in place of the engine's own back-off."""
    down: bool = False
    """The destination as a whole is out of reach, not this tip alone: soon nothing else is tried there either."""


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter"):
    """It will never work: the operator is told, and `satark deliveries retry` may try again."""

    reason: str


DeliveryResult: TypeAlias = Done | Retry | DeadLetter


@runtime_checkable
class ListeningSink(Protocol):
    """A sink whose destinations answer."""

    async def listen(self) -> None:
        """Take answers, until cancelled. It runs beside the deliveries, and is begun again where it breaks off."""


@runtime_checkable
class Sink(Protocol):
    """A kind of destination."""

    @property
    def name(self) -> str:
        """The plugin's name, such as `desk`; the first half of `Delivery.destination`."""

    async def open(self) -> None:
        """Start: open clients. Called once, in the worker's loop."""

    async def close(self) -> None:
        """Stop: close them."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Hand one tip over. The same delivery may come again after a crash: it must have no second effect.

        Should not raise; what it raises counts as `Retry`. It is cancelled after 120 seconds.
        """


@runtime_checkable
class ReadingSink(Sink, Protocol):
    """A sink that opens what it is given, with the keys of its `[[destination]]` tables: see `DestinationReader`."""

    def reads(self, name: str) -> bool:
        """Whether the destination of this name (without the sink) must read tips, and so needs a key of its own."""


class ReadableTip(msgspec.Struct, frozen=True, kw_only=True):
    """A tip as a destination may read it."""

    header: Header
    tip: Tip
    thread: tuple[Message, ...]
    """What the tipster wrote after handing it in, in order; never what desks wrote."""
    evidence: tuple[Evidence, ...]
    """Files that are stored and may leave, in the order they were sent."""
    pending: tuple[str, ...] = ()
    """Ordinals of files that are still being fetched; a later revision brings them."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer had."""
    withheld: tuple[str, ...] = ()
    """Ordinals of files that hold the tipster's voice: officers hear them at the desk alone."""
    damaged: int = 0
    """The number of messages and file records that do not open: altered, or not this tip's."""

    def __repr__(self) -> str:
        return "ReadableTip(…)"


class CarrierError(OperatorError):
    """The carrier is unreachable or did not confirm a message: retry later. The text is a code that logs may show."""


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
        """Connect to the broker at a URL that `check` accepted, for the duration of the block.

        Entering raises `CarrierError` if the broker does not answer.
        """


class OfficeLink(Protocol):
    """Exchanges messages with the offices of remote desks, as sealed bytes; `publish` is a connection's."""

    async def send_tip(self, delivery: Delivery, publish: Callable[[str, bytes], Awaitable[None]]) -> DeliveryResult:
        """Send the complete state of a tip to its office, or a copy of it; done once each message is confirmed.

        Raises:
            CarrierError: a message was not confirmed. Confirmed parts of files are not sent again.
        """

    async def accept(self, message: bytes, publish: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Store an office's answer; return once it is committed. One that came before is only confirmed again.

        Raises:
            MessageRejected: it is forged, altered, or not an answer.
            StoreDown: the database can't be written now; retry later.
            CarrierError: the office could not be informed; retry later.
        """
