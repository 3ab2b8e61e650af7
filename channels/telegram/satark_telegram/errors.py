"""Reads the answers of the Bot API: the result of a call, or the reason of its failure.

Source: Telegram, Bot API, "Making requests" and `ResponseParameters`.
"""

from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from satark.api import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient, seconds_to_wait
from satark_files.decoding import DECODING_ERRORS

TOO_LARGE: Final = "too-large"
"""The code of the refusal of a file that is larger than bots may download."""
_THROTTLED_SECONDS: Final = 5.0
"""Seconds to pause after Telegram throttles a call and does not say how long."""
_OK: Final = 200
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_REFUSALS: Final = range(400, 500)
_MISCONFIGURED: Final = {401: "unauthorized", 404: "unauthorized", 409: "conflict"}
_UNREACHABLE: Final = ("chat not found", "user is deactivated", "bot was blocked", "user not found", "peer_id_invalid")
"""Parts of Telegram's error texts, in lower case, for recipients that can't be reached any more."""

T = TypeVar("T")


class BotApiError(Exception):
    """A call failed. The error holds neither the URL, which contains the token, nor Telegram's text."""

    def __init__(self, result: SendResult) -> None:
        super().__init__(getattr(result, "code", type(result).__name__))
        self.result = result


class _Parameters(msgspec.Struct):
    retry_after: int = 0


class _Answer(msgspec.Struct):
    ok: bool = False
    result: msgspec.Raw = msgspec.Raw()
    description: str = ""
    parameters: _Parameters | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def result_of(status: int, content: bytes, retry_after: str = "") -> msgspec.Raw:
    """Return the result of a call, given the status, the content and the header `Retry-After` of its answer.

    Raises:
        BotApiError: Telegram refused the call, or the answer is a proxy's.
    """
    answer = _Answer()
    with suppress(*DECODING_ERRORS):
        answer = _decode(content)
    if status == _OK and answer.ok:
        return answer.result
    raise BotApiError(_failure(status, answer, retry_after))


def read(result: msgspec.Raw, kind: type[T]) -> T:
    """Decode the result of a call.

    Raises:
        BotApiError: the answer is not Telegram's, but a proxy's or a captive portal's.
    """
    try:
        return msgspec.json.decode(result, type=kind)
    except DECODING_ERRORS:
        raise BotApiError(Transient("unconfirmed")) from None


def _failure(status: int, answer: _Answer, retry_after: str) -> SendResult:
    text = answer.description.lower()
    if status == _TOO_MANY:
        named = answer.parameters.retry_after if answer.parameters else 0
        return Throttled(seconds_to_wait(str(named or retry_after), _THROTTLED_SECONDS), "conversation")
    if status not in _REFUSALS or not text:
        return Transient("network")
    if status in _MISCONFIGURED:
        return Misconfigured(_MISCONFIGURED[status])
    if status == _FORBIDDEN or any(part in text for part in _UNREACHABLE):
        return Blocked()
    return Permanent(TOO_LARGE if "too big" in text else "bad-request")
