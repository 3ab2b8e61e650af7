"""What tips are sent to. A further kind of it is one more `Target` in `__main__.TARGETS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from satark.destination import DestinationRule
from satark.services import Services

DESTINATIONS = 3
"""Destinations of each kind."""


class Effect(NamedTuple):
    """What a destination got: the key by which its receiver tells a delivery that comes twice, and where it came."""

    key: str
    destination: str


class Answers(NamedTuple):
    """What came of the answers that a kind of destination gave."""

    given: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    """Tips whose thread does not end as the last answer says, or that the answerer reads in another order."""


class Target(Protocol):
    """One kind of destination, played by peers in this process or by a real server that it starts."""

    @property
    def plugin(self) -> str:
        """The plugin that serves it."""

    @property
    def destination_rules(self) -> Sequence[DestinationRule]:
        """The configured ways to its destinations; none where desks are the destinations."""

    @property
    def restarts(self) -> int:
        """How often it was killed as a whole, and started again."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's part of the workers' environment; there once it runs."""

    @property
    def effects(self) -> Sequence[Effect]:
        """What came, in order, what came twice twice."""

    def key_of(self, delivery: str, tip: str) -> str:
        """The receiver's key of a delivery, given the delivery's id (hex) and the tip's."""

    def running(self, services: Services, desk_url: str) -> AbstractAsyncContextManager[None]:
        """Run it against the host's store and the address of its desk role."""

    def seed_tip(self, services: Services, tips: int) -> None:
        """Leave tips as the registry does, each for one destination. This blocks."""

    async def disturb(self) -> None:
        """Do what such a destination suffers now and then as a whole: a restart, a crash."""

    def mend(self) -> None:
        """Have no more faults."""

    @property
    def is_quiet(self) -> bool:
        """Whether it has nothing more to say."""

    def answers(self, services: Services) -> Answers:
        """Hold what it answered against what the host has. This blocks."""
