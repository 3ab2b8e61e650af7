"""What became of a call to a provider: what a channel's `send` returns, and what the provider reports later."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "Accepted",
    "Blocked",
    "Delivered",
    "Misconfigured",
    "Permanent",
    "SendResult",
    "Throttled",
    "Transient",
    "WindowClosed",
]


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The provider took the call."""

    provider_message_id: str = ""
    """The provider's id of the message that was sent, as `Inbound.provider_message_id`; empty: it gave none."""

    def __repr__(self) -> str:
        return "Accepted()"


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """Too fast: try again after so many seconds. `scope` says whether one conversation or the whole account waits."""

    after: float
    scope: Literal["conversation", "account"] = "conversation"


class Transient(msgspec.Struct, frozen=True, tag="transient"):
    """It may work later: a time-out, a refused connection, a server error."""

    code: str


class WindowClosed(msgspec.Struct, frozen=True, tag="window_closed"):
    """The provider takes only its approved template now; `Call.fallback` is sent instead."""


class Blocked(msgspec.Struct, frozen=True, tag="blocked"):
    """The recipient blocked us or can't be reached by us; given up quietly."""


class Permanent(msgspec.Struct, frozen=True, tag="permanent"):
    """It will never work as it is: our own fault or the recipient's. Counted by code; the call becomes dead."""

    code: str


class Misconfigured(msgspec.Struct, frozen=True, tag="misconfigured"):
    """The account is not set up right (token, permission, payment): kept, retried slowly, and the operator is told."""

    code: str


SendResult: TypeAlias = Accepted | Throttled | Transient | WindowClosed | Blocked | Permanent | Misconfigured


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an earlier call, as the provider reports it later. `call_id` is what `send` was given."""

    call_id: str
    result: SendResult
