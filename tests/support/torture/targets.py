"""The interface of a kind of destination. A new kind is one more `Target` in `__main__.TARGETS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from satark.api.routing import DestinationRule
from satark.services import Services

DESTINATIONS = 3
"""Number of destinations of each kind."""


class Effect(NamedTuple):
    """A received delivery: the key by which the receiver recognizes a repetition, and the destination."""

    key: str
    destination: str


class Answers(NamedTuple):
    """The counts of the answers that a kind of destination sent."""

    given: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    """Tips whose thread does not end with the last answer, or whose order differs at the answerer."""


class Target(Protocol):
    """One kind of destination, simulated in this process or served by a real server."""

    @property
    def plugin(self) -> str:
        """The plugin that provides the sink."""

    @property
    def destination_rules(self) -> Sequence[DestinationRule]:
        """The configured destinations; none if the destinations are desks."""

    @property
    def restarts(self) -> int:
        """Number of times that the server was killed and restarted."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's environment variables for the workers. They are valid during `running`."""

    @property
    def effects(self) -> Sequence[Effect]:
        """Everything that was received, in order, including repetitions."""

    def key_of(self, delivery: str, tip: str) -> str:
        """Return the receiver's key of a delivery, from the ids of the delivery (hex) and of the tip."""

    def running(self, services: Services, desk_url: str) -> AbstractAsyncContextManager[None]:
        """Run the destinations, with the host's store and the URL of its desk process."""

    def seed_tip(self, services: Services, tips: int) -> None:
        """Store tips as the ingest does, each for one destination. This blocks."""

    async def interrupt(self) -> None:
        """Restart or crash the server, if it is time to do so."""

    def stop_faults(self) -> None:
        """Stop all faults."""

    @property
    def is_idle(self) -> bool:
        """Whether no answer is pending."""

    def answers(self, services: Services) -> Answers:
        """Compare its answers with the host's threads. This blocks."""
