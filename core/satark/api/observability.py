"""Observability: lifecycle events, the log, safe descriptions of errors, and faults to report to operators.

None of this ever holds tip content or an address.
"""

import traceback
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec
import structlog

__all__ = ["FaultFinder", "Kind", "LifecycleEvent", "OperatorError", "Redacted", "describe_error", "log"]

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
"""What a lifecycle event is about."""

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
"""Kind of event → its meaning, and what `LifecycleEvent.where` names; empty: nothing."""


class Redacted(msgspec.Struct, frozen=True):
    """A value whose `repr` shows no field, since its fields hold tip content or identify the sender."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class OperatorError(Exception):
    """An error that logs may show: its text is a short code of Satark's own, and never tip content or an address."""


class LifecycleEvent(msgspec.Struct, frozen=True):
    """An event for `satark_event`: its kind, and the channel or sink where it happened, if any."""

    kind: Kind
    where: str = ""


@runtime_checkable
class FaultFinder(Protocol):
    """A channel or sink that can check its setup with its provider or destinations."""

    @property
    def name(self) -> str:
        """The plugin's name."""

    async def find_faults(self) -> Sequence[str]:
        """Connect and check the setup; return what is wrong, in sentences for the operator. Deliver nothing.

        `satark check` calls this once, and every process repeatedly on one object that was not opened. From its second
        call on it may set back what somebody else changed at the provider; before that it changes nothing. The
        sentences may name settings and codes, but no secrets. The call is cancelled if it takes too long.
        """


def describe_error(error: BaseException) -> dict[str, str]:
    """Return a description of an exception that is safe to log.

    It names the exception's class, the line that raised it, and the last line of Satark's own code in the traceback.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame[0].startswith("satark")]
    raised = " < ".join(f"{module}:{line}" for module, line in dict.fromkeys([*frames[-1:], *ours[-1:]]))
    return {"error": type(error).__name__, "raised": raised}


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
"""The log. Nothing that identifies a tipster may be written to it."""
