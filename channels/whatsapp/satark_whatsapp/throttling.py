"""Backoff after Meta has throttled a recipient or an account."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.settings import WhatsAppSettings

_BACKOFF_BASE = 4
_MAX_EXPONENT = 16
_SECONDS_PER_MINUTE = 60


class _Recipient(msgspec.Struct):
    to: str = ""
    recipient: str = ""


class Throttling:
    """Counts consecutive throttlings by recipient, in memory only, and computes how long to pause.

    Source: Meta, "Error codes", 131056: wait 4^X seconds; X starts at 0 and grows by one with each failure in a row.
    """

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._failures: OrderedDict[tuple[str, str], int] = OrderedDict()

    def recipient_throttled(self, account: str, body: bytes) -> float:
        """Count a throttled message to the recipient of this body. Return the seconds to wait."""
        recipient = (account, _recipient(body))
        failures = self._failures.pop(recipient, 0)
        self._failures[recipient] = failures + 1
        if len(self._failures) > self._settings.pairs_remembered:
            self._failures.popitem(last=False)
        return float(min(_BACKOFF_BASE ** min(failures, _MAX_EXPONENT), self._settings.pair_backoff_max_seconds))

    def recipient_accepted(self, account: str, body: bytes) -> None:
        """Reset the count of the recipient of this body. Does not decode the body while there are no counts."""
        if self._failures:
            self._failures.pop((account, _recipient(body)), None)

    def account_delay(self, headers: Mapping[str, str]) -> float:
        """Return the seconds to pause an account: Meta's value, else the setting; at least the time of one message.

        `headers`: by name in small letters.
        """
        announced = _retry_after(headers.get("retry-after", "")) or _seconds_to_regain_access(
            headers.get("x-business-use-case-usage", "")
        )
        return max(announced or self._settings.throttled_seconds, 1 / self._settings.messages_per_second)


def _recipient(body: bytes) -> str:
    fields = msgspec.json.decode(body, type=_Recipient)
    return fields.recipient or fields.to


def _retry_after(header: str) -> float:
    return float(header) if header.isascii() and header.isdigit() else 0.0


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0
    """In minutes."""


_usages = msgspec.json.Decoder(dict[str, list[_Usage]], strict=False).decode


def _seconds_to_regain_access(header: str) -> float:
    try:
        usages = _usages(header)
    except DECODING_ERRORS:
        return 0.0
    minutes = (usage.estimated_time_to_regain_access for per_account in usages.values() for usage in per_account)
    return max(minutes, default=0.0) * _SECONDS_PER_MINUTE
