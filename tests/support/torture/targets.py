"""The interface of a kind of destination; a new kind is one more `Target` in `__main__.TARGETS`."""

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
    """The counts of a kind of destination's answers."""

    given: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    """Tips whose thread ends otherwise than the last answer, or that the answerer has in another order."""


class Target(Protocol):
    """One kind of destination, simulated in this process or served by a real server."""

    @property
    def plugin(self) -> str:
        """The plugin that serves it."""

    @property
    def destination_rules(self) -> Sequence[DestinationRule]:
        """The configured destinations; none where desks are the destinations."""

    @property
    def restarts(self) -> int:
        """How often its server was killed and restarted."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's environment variables for the workers; valid while `running`."""

    @property
    def effects(self) -> Sequence[Effect]:
        """Everything that was received, in order, with repetitions."""

    def key_of(self, delivery: str, tip: str) -> str:
        """Return the receiver's key of a delivery, from the delivery's id (hex) and the tip's."""

    def running(self, services: Services, desk_url: str) -> AbstractAsyncContextManager[None]:
        """Run the destinations, with the host's store and the URL of its desk process."""

    def seed_tip(self, services: Services, tips: int) -> None:
        """Store tips as the ingest does, each for one destination. This blocks."""

    async def interrupt(self) -> None:
        """Restart or crash the server, if it is time for that."""

    def stop_faults(self) -> None:
        """Stop all faults."""

    @property
    def is_idle(self) -> bool:
        """Whether no answer is pending."""

    def answers(self, services: Services) -> Answers:
        """Compare its answers with the host's threads. This blocks."""
