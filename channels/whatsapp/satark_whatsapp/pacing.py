"""How long to wait when Meta says "slow down"."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from satark_whatsapp.settings import WhatsAppSettings

_BASE = 4
_MOST_STEPS = 16
_SECONDS_PER_MINUTE = 60


class _Recipient(msgspec.Struct):
    to: str = ""
    recipient: str = ""


class Pacing:
    """Remembers, in memory only, which recipients got too much too fast, and reads how long an account must rest.

    Source: Meta, "Error codes", 131056: wait 4^X seconds, X being 0 at first and one more at each failure in a row.
    """

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._failures: OrderedDict[tuple[str, str], int] = OrderedDict()

    def pair_failed(self, account: str, body: bytes) -> float:
        """Count one more failure towards the recipient of this body; give the seconds to wait."""
        pair = (account, _recipient(body))
        steps = self._failures.pop(pair, 0)
        self._failures[pair] = steps + 1
        if len(self._failures) > self._settings.pairs_remembered:
            self._failures.popitem(last=False)
        return float(min(_BASE ** min(steps, _MOST_STEPS), self._settings.pair_backoff_max_seconds))

    def pair_worked(self, account: str, body: bytes) -> None:
        """Forget the failures towards the recipient of this body. Costs nothing while there are none at all."""
        if self._failures:
            self._failures.pop((account, _recipient(body)), None)

    def account_pause(self, headers: Mapping[str, str]) -> float:
        """Give the seconds that an account must rest: what Meta says, else the setting; never less than one message."""
        told = _retry_after(headers.get("Retry-After", "")) or _regain_seconds(
            headers.get("X-Business-Use-Case-Usage", "")
        )
        return max(told or self._settings.throttled_seconds, 1 / self._settings.messages_per_second)


def _recipient(body: bytes) -> str:
    whom = msgspec.json.decode(body, type=_Recipient)
    return whom.recipient or whom.to


def _retry_after(header: str) -> float:
    return float(header) if header.isascii() and header.isdigit() else 0.0


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0
    """In minutes."""


_usages = msgspec.json.Decoder(dict[str, list[_Usage]], strict=False).decode


def _regain_seconds(header: str) -> float:
    try:
        usages = _usages(header)
    except msgspec.DecodeError:
        return 0.0
    minutes = (usage.estimated_time_to_regain_access for per_account in usages.values() for usage in per_account)
    return max(minutes, default=0.0) * _SECONDS_PER_MINUTE
