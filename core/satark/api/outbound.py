"""Outbound calls: what a channel sends to a provider, and the results."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal, TypeAlias

import msgspec

__all__ = [
    "Accepted", "Blocked", "Call", "Delivered", "Misconfigured", "Permanent", "SendResult", "Throttled", "Transient",
    "WindowClosed", "seconds_to_wait",
]  # fmt: skip


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a provider, ready to be sent; one outbox row. It contains the address, so it is stored only
    sealed."""

    account: str
    method: str
    """The channel's own name for the operation, such as `messages`."""
    body: bytes
    fallback: bytes = b""
    """Body to send instead if the provider answers that its reply window is closed; empty: the call is dropped."""

    def __repr__(self) -> str:
        return f"Call({self.method})"


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The provider accepted the call."""

    provider_message_id: str = ""
    """The provider's id of the sent message, as in `Inbound.provider_message_id`; empty: the provider gave none."""

    def __repr__(self) -> str:
        return "Accepted()"


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """The provider limits the rate: retry after `seconds`.

    `scope` tells whether one conversation or the whole account waits.
    """

    after: float
    scope: Literal["conversation", "account"] = "conversation"


class Transient(msgspec.Struct, frozen=True, tag="transient"):
    """The call may succeed later: after a time-out, a refused connection or a server error."""

    code: str


class WindowClosed(msgspec.Struct, frozen=True, tag="window_closed"):
    """The reply window is closed: the provider accepts only approved templates now. `Call.fallback` is sent instead."""


class Blocked(msgspec.Struct, frozen=True, tag="blocked"):
    """The recipient has blocked Satark's account or can't be reached by it. The call is dropped without an alarm."""


class Permanent(msgspec.Struct, frozen=True, tag="permanent"):
    """The call can never succeed unchanged, whether the fault is Satark's or the recipient's.

    It is counted by code and becomes a dead letter.
    """

    code: str


class Misconfigured(msgspec.Struct, frozen=True, tag="misconfigured"):
    """The account's setup is wrong: its token, permission or payment.

    The call is kept and retried slowly, and the operator is told.
    """

    code: str


SendResult: TypeAlias = Accepted | Throttled | Transient | WindowClosed | Blocked | Permanent | Misconfigured
"""What became of a call to the provider."""


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's later report on a call. `call_id` is the one that `send` was given."""

    call_id: str
    result: SendResult


MAX_WAIT: Final = 24 * 3600.0
"""Longest wait that a provider may request, in seconds."""


def seconds_to_wait(retry_after: str, otherwise: float) -> float:
    """Return the seconds, at most `MAX_WAIT`, of a throttled call's header `Retry-After` (RFC 9110, section 10.2.3).

    `otherwise`: the wait if the header is empty, can't be parsed or is in the past.
    """
    in_seconds = retry_after.isascii() and retry_after.isdigit()
    announced = float(retry_after) if in_seconds else _seconds_until(retry_after)
    return min(announced, MAX_WAIT) if announced > 0 else otherwise


def _seconds_until(date: str) -> float:
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):  # no date, or one without a time zone
        return 0.0
