"""Destinations: names of places that tips are delivered to, each `<sink>:<name>`, such as `desk:sp`.

This is the only module that takes such a name apart or puts one together.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = [
    "DESK_SINK",
    "HERE",
    "SEPARATOR",
    "ConfiguredDestination",
    "Destination",
    "delivered_to",
]

DESK_SINK = "desk"
"""The sink of the desks at this host."""
SEPARATOR = ":"

ConfiguredDestination = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}:[a-z0-9][a-z0-9_-]{0,39}$")]
"""A destination as settings may name it."""


class Destination(str):
    """`<sink>:<name>`: the name of a sink, and a name that means something to this sink. Equal to the plain string."""

    __slots__ = ()

    @classmethod
    def of(cls, sink: str, name: str) -> Destination:
        """Return the destination of this name at a sink."""
        return cls(cls.prefix(sink) + name)

    @classmethod
    def prefix(cls, sink: str) -> str:
        """Return what all destinations of a sink begin with."""
        return sink + SEPARATOR

    @property
    def sink(self) -> str:
        """The name of the sink."""
        return self.partition(SEPARATOR)[0]

    @property
    def name(self) -> str:
        """The name at the sink; for a desk, the desk's name."""
        return self.partition(SEPARATOR)[2]


HERE = Destination.of(DESK_SINK, "*")
"""All desks at this host together. Which of them have a tip is told by its envelopes, and by no delivery."""


def delivered_to(destination: Destination) -> Destination:
    """Return the destination that a delivery to a desk's own one names: `HERE` for a desk at this host."""
    return HERE if destination.sink == DESK_SINK else destination
