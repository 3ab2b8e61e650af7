"""What goes out to a provider: the calls that a channel renders, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal, TypeAlias

import msgspec

__all__ = [
    "Accepted",
    "Blocked",
    "Call",
    "Delivered",
    "Misconfigured",
    "Permanent",
    "SendResult",
    "Throttled",
    "Transient",
    "WindowClosed",
    "seconds_to_wait",
]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One provider call, ready to be sent: one outbox row. It carries the address, so it is stored sealed only."""

    account: str
    method: str
    """The channel's own name of the operation, such as `messages`."""
    body: bytes
    fallback: bytes = b""
    """The body to send when the provider answers that its reply window is closed; empty: give up quietly."""

    def __repr__(self) -> str:
        return f"Call({self.method})"


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


MAX_WAIT: Final = 24 * 3600.0
"""The longest wait that a provider may ask for, in seconds."""


def seconds_to_wait(retry_after: str, otherwise: float) -> float:
    """Read the header `Retry-After` of a throttled call (RFC 9110, 10.2.3): seconds, or a date.

    Args:
        retry_after: the header's value; empty where there is none.
        otherwise: the wait where the value can't be read, or is over already.

    Returns:
        Seconds, more than 0 if `otherwise` is, at most `MAX_WAIT`.
    """
    in_seconds = retry_after.isascii() and retry_after.isdigit()
    announced = float(retry_after) if in_seconds else _seconds_until(retry_after)
    return min(announced, MAX_WAIT) if announced > 0 else otherwise


def _seconds_until(date: str) -> float:
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):  # no date, or one without a time zone
        return 0.0
