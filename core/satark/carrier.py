"""What a plugin hands over that carries sealed messages between this host and offices elsewhere: a message broker.

A carrier knows queues and bytes, and nothing of what is in them. Messages may come twice and out of order: whoever
takes them (`satark.remote`) must not mind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, runtime_checkable

from satark.observability import OperatorError

Take: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Takes one message, and returns when it is durable here.

Raises `Refused` for a message that will never be any good; whatever else it raises means: not now.
"""


class NotCarried(OperatorError):  # noqa: N818 - it reads as what it says
    """The carrier does not have the message durably: try again. The text is a code, fit for operators."""


class Refused(Exception):  # noqa: N818
    """A message is forged, altered, or not for this place. The carrier puts it aside, for somebody to look at."""


@runtime_checkable
class CarrierConnection(Protocol):
    """An open connection to a carrier."""

    async def publish(self, desk: str, message: bytes) -> None:
        """Send a message into a desk's queue; return when the carrier has it durably.

        Raises:
            NotCarried: it has not, or there is no such queue.
        """

    async def answer(self, message: bytes) -> None:
        """Likewise, into the queue of answers to the host."""

    async def consume(self, desk: str, take: Take) -> None:
        """Give every message of a desk's queue to `take`, several at once, until cancelled.

        What `take` refuses is put aside; what it can't take now is given to it again, and is never lost.

        Raises:
            NotCarried: the connection broke, or there is no such queue.
        """

    async def consume_answers(self, take: Take) -> None:
        """Likewise, from the queue of answers."""


@runtime_checkable
class Carrier(Protocol):
    """A kind of broker."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The beginnings of its URLs, such as `amqp`."""

    def check(self, url: str) -> None:
        """Find out, without connecting, whether a URL can be used.

        Raises:
            ValueError: it would send a password over a network in plain.
            SettingsError: the carrier's own settings are wrong.
        """

    def line(self, url: str) -> AbstractAsyncContextManager[CarrierConnection]:
        """Connect to the broker at a URL (which `check` found good) while the block runs.

        Entering raises `NotCarried` where it does not answer.
        """
