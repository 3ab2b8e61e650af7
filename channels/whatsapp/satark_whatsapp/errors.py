"""Map Meta's error codes to send results.

Source: Meta, WhatsApp Business Platform, "Error codes" (as of 2026-09-11): "build your error handling on `code`, not on
HTTP status or subcode".
"""

import re
from typing import Final

import msgspec

from satark.api import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient, WindowClosed

THROTTLED_SECONDS: Final = 5.0
"""Seconds to wait after Meta throttled a call without saying how long."""
PAIR_LIMIT: Final = 131056
"""Too many messages to one recipient. Meta asks to wait 4^X seconds, where X counts the failures in a row."""

_ACCOUNT_LIMITS: Final = frozenset({4, 80007, 130429, 131057})
_TRANSIENT: Final = frozenset({1, 2, 131000, 131016, 131036, 133016})
_WINDOW_CLOSED: Final = frozenset({470, 131047})
_UNREACHABLE: Final = frozenset({130403, 130472, 131026, 131049, 131050})
_PERMANENT: Final = frozenset(
    {100, 131008, 131009, 131021, 131051, 131053, 131062} | {132000, 132001, 132005, 132007, 132012, 132015, 132016}
)
_MISCONFIGURED: Final = frozenset(
    {0, 3, 10, 33, 190, 368, 130497, 131005, 131031, 131037, 131042, 131045, 131048, 131064, 133010}
    | set(range(200, 300))
)
_NO_SUCH_OBJECT: Final = (100, 33)
"""Code and subcode: there is no such number or file, or the token has no access to it."""

_WINDOW_WORDS: Final = re.compile(r"re-?engagement|24.?hours?|outside .{0,40}window", re.IGNORECASE)


class ErrorData(msgspec.Struct):
    """`error.error_data`."""

    details: str | None = None


class GraphError(msgspec.Struct):
    """`error` of an API response. Each of the `errors` of a message's status has the same shape."""

    code: int
    error_subcode: int | None = None
    message: str | None = None
    title: str | None = None
    error_data: ErrorData | None = None


class ErrorResponse(msgspec.Struct):
    """The body of an API response that reports an error."""

    error: GraphError


def send_result_of(error: GraphError, seconds: float = THROTTLED_SECONDS, status: int = 400) -> SendResult:
    """Return the send result for an error; `seconds`: how long to wait if Meta throttles us.

    The HTTP status decides only if the error's code is unknown.
    """
    code = error.code
    if code == PAIR_LIMIT:
        return Throttled(seconds, "conversation")
    if code in _ACCOUNT_LIMITS:
        return Throttled(seconds, "account")
    if code in _TRANSIENT:
        return Transient(str(code))
    if code in _WINDOW_CLOSED:
        return WindowClosed()
    if code in _MISCONFIGURED or (error.code, error.error_subcode) == _NO_SUCH_OBJECT:
        return Misconfigured(str(code))
    return _result_for_message(error, seconds, status)


def _result_for_message(error: GraphError, seconds: float, status: int) -> SendResult:
    code = error.code
    if code in _UNREACHABLE:
        return Blocked()
    if _reads_like_window_closed(error):
        return WindowClosed()
    if code in _PERMANENT:
        return Permanent(str(code))
    return send_result_of_status(status, str(code), seconds)


def send_result_of_status(status: int, code: str, seconds: float) -> SendResult:
    """Return the send result for a response whose error code is unknown or missing."""
    if status == 429:  # noqa: PLR2004 - HTTP: Too Many Requests
        return Throttled(seconds, "account")
    if status >= 500:  # noqa: PLR2004 - HTTP: server error
        return Transient(code)
    if status in (301, 302, 303, 307, 308, 401, 403, 404):
        return Misconfigured(code)
    return Permanent(code)


def _reads_like_window_closed(error: GraphError) -> bool:
    """Whether an error's text says that the reply window is closed. Meta has used several codes for this error."""
    details = error.error_data.details if error.error_data else None
    return any(_WINDOW_WORDS.search(text) for text in (error.message, error.title, details) if text)
