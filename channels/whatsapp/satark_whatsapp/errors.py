"""What Meta's errors mean for a message, by `code` alone.

Source: Meta, WhatsApp Business Platform, "Error codes" (as of 2026-09-11): "build your error handling on `code`, not on
HTTP status or subcode".
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from satark.channel import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient, WindowClosed

PAIR_LIMIT: Final = 131056
"""Too many messages to one recipient: Meta asks to wait 4^X seconds, X counting the failures in a row."""

_ACCOUNT_LIMITS: Final = frozenset({4, 80007, 130429, 131057})
_TRANSIENT: Final = frozenset({1, 2, 131000, 131016, 131036, 133016})
_WINDOW: Final = frozenset({470, 131047})
_UNREACHABLE: Final = frozenset({130403, 130472, 131026, 131049, 131050})
_PERMANENT: Final = frozenset(
    {100, 131008, 131009, 131021, 131051, 131053, 131062} | {132000, 132001, 132005, 132007, 132012, 132015, 132016}
)
_OPERATOR: Final = frozenset(
    {0, 3, 10, 33, 190, 368, 130497, 131005, 131031, 131037, 131042, 131045, 131048, 131064, 133010}
    | set(range(200, 300))
)
_NO_OBJECT: Final = (100, 33)
"""Code 100 with this subcode: there is no such number or file, or the token may not see it."""

_WINDOW_WORDS: Final = re.compile(r"re-?engagement|24.?hours?|outside .{0,40}window", re.IGNORECASE)


class Details(msgspec.Struct):
    """`error.error_data`."""

    details: str | None = None


class Problem(msgspec.Struct):
    """`error` of Meta's answers; the same shape as one of a status's `errors`."""

    code: int
    error_subcode: int | None = None
    message: str | None = None
    title: str | None = None
    error_data: Details | None = None

    @property
    def is_no_object(self) -> bool:
        """Whether it says that there is no such thing at Meta (any more)."""
        return (self.code, self.error_subcode) == _NO_OBJECT


class Answer(msgspec.Struct):
    """Meta's answer to a call that failed."""

    error: Problem


class Pauses(msgspec.Struct, frozen=True):
    """How long to wait, in seconds, for each kind of throttling."""

    account: float
    pair: float


def classify(problem: Problem, pauses: Pauses, status: int = 400) -> SendResult:
    """Say what an error means for the message; the HTTP status decides only on codes that we don't know."""
    code = problem.code
    if code == PAIR_LIMIT:
        return Throttled(pauses.pair, "conversation")
    if code in _ACCOUNT_LIMITS:
        return Throttled(pauses.account, "account")
    if code in _TRANSIENT:
        return Transient(str(code))
    if code in _WINDOW:
        return WindowClosed()
    if code in _OPERATOR or problem.is_no_object:
        return Misconfigured(str(code))
    return _of_one_message(problem, pauses, status)


def _of_one_message(problem: Problem, pauses: Pauses, status: int) -> SendResult:
    code = problem.code
    if code in _UNREACHABLE:
        return Blocked()
    if _sounds_like_window(problem):
        return WindowClosed()
    if code in _PERMANENT:
        return Permanent(str(code))
    return by_status(status, str(code), pauses)


def by_status(status: int, code: str, pauses: Pauses) -> SendResult:
    """Say what an answer means whose code we don't know, or that has none."""
    if status == 429:  # noqa: PLR2004 - HTTP: Too Many Requests
        return Throttled(pauses.account, "account")
    if status >= 500:  # noqa: PLR2004 - HTTP: the server's fault
        return Transient(code)
    if status in (301, 302, 303, 307, 308, 401, 403, 404):
        return Misconfigured(code)
    return Permanent(code)


def _sounds_like_window(problem: Problem) -> bool:
    """Meta has closed the window under several codes; what they share is the wording."""
    details = problem.error_data.details if problem.error_data else None
    return any(_WINDOW_WORDS.search(text) for text in (problem.message, problem.title, details) if text)
