"""Carriers: message brokers that carry sealed messages between this host and offices elsewhere.

A carrier plugin sees queues and bytes, never the content of a message. It may deliver a message more than once and out
of order; the receiver (`satark.remote`) tolerates both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, runtime_checkable

from satark.api.observability import OperatorError

__all__ = [
    "Carrier",
    "CarrierConnection",
    "CarrierError",
    "MessageHandler",
    "MessageRejected",
]

MessageHandler: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Stores one message and returns once it is committed.

Raises `MessageRejected` for a message that can never be accepted. Any other exception means: deliver it again later.
"""


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

    async def consume(self, desk: str, handler: MessageHandler) -> None:
        """Pass each message of a desk's queue to `handler`, several at once, until cancelled.

        A message is acknowledged after its handler returns. One that the handler rejects becomes a dead letter; after
        any other exception it is passed to the handler again.

        Raises:
            CarrierError: the connection broke, or there is no such queue.
        """

    async def consume_answers(self, handler: MessageHandler) -> None:
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
