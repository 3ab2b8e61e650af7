"""Observability: lifecycle events, the log, and what of an error may be logged. Never content or an address."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec
import structlog

__all__ = [
    "Kind",
    "LifecycleEvent",
    "OperatorError",
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


class OperatorError(Exception):
    """An error whose text is a short code of our own, never content and no address: logs may show it."""


class LifecycleEvent(msgspec.Struct, frozen=True):
    """Something that happened, for `satark_event`: what, and on which channel, sink or nothing at all."""

    kind: Kind
    where: str = ""


def describe_error(error: BaseException) -> dict[str, str]:
    """What may be logged of an exception: its class, the line that raised it, and the last of our lines on the way."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame[0].startswith("satark")]
    raised = " < ".join(f"{module}:{line}" for module, line in dict.fromkeys([*frames[-1:], *ours[-1:]]))
    return {"error": type(error).__name__, "raised": raised}


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
