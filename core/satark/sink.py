"""What a sink plugin hands over, and what it is given to deliver."""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

import msgspec


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One tip for one destination. All content is sealed; a sink that is a mere carrier can't read it.

    `idempotency_key` is the same at every attempt of the same (tip, destination, revision): hand it to the receiver.
    """

    idempotency_key: str
    tip: str
    """The tip's random id in the store, 32 hex characters; it is not the tip number."""
    destination: str
    """`<sink>:<name>`, such as `desk:sp`."""
    revision: int
    attempt: int
    """1 for the first attempt."""
    envelope: bytes
    """age, to the destination's recipient: a `tip.Envelope`."""
    document: bytes
    """age, to the tip's recipient: a `tip.Tip`."""

    @property
    def name(self) -> str:
        """The destination's name without its sink."""
        return self.destination.partition(":")[2]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The destination has it, durably."""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """It did not work now. `after` (seconds) overrides the engine's own back-off; `reason` is shown to operators."""

    reason: str
    after: float | None = None


class Dead(msgspec.Struct, frozen=True, tag="dead"):
    """It will never work: the operator is told, and `satark deliveries retry` may try again."""

    reason: str


DeliveryResult: TypeAlias = Done | Retry | Dead


@runtime_checkable
class Listener(Protocol):
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

        Should not raise; what it raises counts as `Retry`.
        """
