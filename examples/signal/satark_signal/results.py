"""Translates the service's answer to a call into a result.

Source: bbernhard/signal-cli-rest-api, `src/api/api.go` (`SendV2`), `src/client/jsonrpc2.go`, and the reasons of
`receive.SendMessageResult` in `src/docs/swagger.json`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from satark.api import Accepted, Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient, seconds_to_wait
from satark_files.decoding import DECODING_ERRORS

_REASONS: Final[dict[str, SendResult]] = {
    "UNREGISTERED_FAILURE": Blocked(),
    "Unregistered user": Blocked(),
    "IDENTITY_FAILURE": Permanent("untrusted-key"),
    "untrusted recipient keys": Permanent("untrusted-key"),
    "challenge_tokens": Misconfigured("captcha"),
    "Specified account does not exist": Misconfigured("account"),
    "_FAILURE": Transient("signal"),
}
"""Part of an answer → its meaning; the first match counts. Both 201 and 400 may have a reason."""
_answered_at = msgspec.json.Decoder(list[dict[str, Any]] | dict[str, Any]).decode


def result_of(status: int, answer: bytes, retry_after: str) -> SendResult:
    """Return the result of a call, without any text of the answer."""
    text = answer.decode(errors="replace")
    if status in {200, 201, 204, 400, 429} and (reason := next((one for one in _REASONS if one in text), "")):
        return _REASONS[reason]
    if status == 204:
        return Accepted()
    if 200 <= status < 300:
        sent_at = _sent_at(answer)  # without it a proxy has answered, not signal-cli
        return Accepted(sent_at) if sent_at else Transient("unconfirmed")
    if status == 429:
        return Throttled(seconds_to_wait(retry_after, 60), "account")
    if status in {401, 403}:
        return Misconfigured(str(status))
    # The service answers 400 for everything that signal-cli reports, a network that is down included.
    return Permanent(str(status)) if 300 <= status < 500 and status != 400 else Transient(str(status))


def _sent_at(answer: bytes) -> str:
    """Return the time when a message was sent, in milliseconds, which is its id. Newer versions answer with a list."""
    try:
        found = _answered_at(answer)
    except DECODING_ERRORS:
        return ""
    first = next(iter(found), {}) if isinstance(found, list) else found
    return str(first.get("timestamp") or "")
