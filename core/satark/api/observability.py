"""Observability: lifecycle events, the log, what of an error may be logged, faults that an operator is told of.

Never content or an address.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec
import structlog

__all__ = [
    "FaultFinder",
    "Kind",
    "LifecycleEvent",
    "OperatorError",
    "Redacted",
    "describe_error",
    "log",
]

Kind: TypeAlias = Literal[
    "turn",
    "tip",
    "file_sealed",
    "file_lost",
    "delivery_done",
    "delivery_dead_lettered",
    "destination_down",
    "destination_up",
    "expired",
]

MEANINGS: Final[Mapping[Kind, tuple[str, str]]] = {
    "turn": ("a message was taken, and is answered", "the channel"),
    "tip": ("a tip was sent", "the channel"),
    "file_sealed": ("a file of a tip was fetched and sealed; its clean copy is there, or can't be made", ""),
    "file_lost": ("a file will never come: the provider lost it, or every attempt failed", ""),
    "delivery_done": ("a destination has a tip, or a revision of it", "the sink"),
    "delivery_dead_lettered": ("a delivery is not tried any more", "the sink"),
    "destination_down": ("a destination failed so often that it is left alone for a while", "the sink"),
    "destination_up": ("a destination that was down takes tips again", "the sink"),
    "expired": ("a conversation's time was over; what it had not sent was erased", ""),
}
"""What each event means, and what its `where` says; empty: nothing."""


class Redacted(msgspec.Struct, frozen=True):
    """A value whose `repr` shows no field: what it holds is tip content, or identifies the sender."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class OperatorError(Exception):
    """An error whose text is a short code of our own, never content and no address: logs may show it."""


class LifecycleEvent(msgspec.Struct, frozen=True):
    """Something that happened, for `satark_event`: what, and on which channel, sink or nothing at all."""

    kind: Kind
    where: str = ""


@runtime_checkable
class FaultFinder(Protocol):
    """A channel that can ask its provider, or a sink that can ask its destinations, whether everything is right."""

    @property
    def name(self) -> str:
        """The plugin's name."""

    async def find_faults(self) -> Sequence[str]:
        """Connect and ask, change and deliver nothing, and return what is wrong, in words for the operator.

        `satark check` calls it, and every process again and again, each time without `open` and on an object of its
        own. It names settings and codes, no secret. It is cancelled after a while.
        """


def describe_error(error: BaseException) -> dict[str, str]:
    """What may be logged of an exception: its class, the line that raised it, and the last of our lines on the way."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame[0].startswith("satark")]
    raised = " < ".join(f"{module}:{line}" for module, line in dict.fromkeys([*frames[-1:], *ours[-1:]]))
    return {"error": type(error).__name__, "raised": raised}


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
