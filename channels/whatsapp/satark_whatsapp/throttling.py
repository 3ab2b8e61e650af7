"""How long to pause after Meta has throttled a recipient or an account."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import msgspec

from satark.api import seconds_to_wait
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.errors import THROTTLED_SECONDS
from satark_whatsapp.settings import WhatsAppSettings

_LONGEST_BACKOFF: Final = 1024
"""Most seconds before the next message to a throttled recipient."""
_RECIPIENTS_REMEMBERED: Final = 10_000
"""Most throttled recipients whose failures are counted."""


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
        """Count a throttled message to the recipient that this body names. Return the seconds to wait."""
        recipient = (account, _recipient(body))
        failures = self._failures.pop(recipient, 0)
        self._failures[recipient] = failures + 1
        if len(self._failures) > _RECIPIENTS_REMEMBERED:
            self._failures.popitem(last=False)
        return min(4.0 ** min(failures, 16), float(_LONGEST_BACKOFF))

    def recipient_accepted(self, account: str, body: bytes) -> None:
        """Reset the count of the recipient that this body names. If nobody has a count, the body is not decoded."""
        if self._failures:
            self._failures.pop((account, _recipient(body)), None)

    def account_delay(self, headers: Mapping[str, str]) -> float:
        """Return the seconds to pause an account: Meta's value or else five seconds, but at least one message's time.

        `headers`: by name in small letters.
        """
        announced = seconds_to_wait(headers.get("retry-after", ""), 0) or _seconds_to_regain_access(
            headers.get("x-business-use-case-usage", "")
        )
        return max(announced or THROTTLED_SECONDS, 1 / self._settings.messages_per_second)


def _recipient(body: bytes) -> str:
    fields = msgspec.json.decode(body, type=_Recipient)
    return fields.recipient or fields.to


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0
    """Minutes."""


_usages = msgspec.json.Decoder(dict[str, list[_Usage]], strict=False).decode


def _seconds_to_regain_access(header: str) -> float:
    try:
        usages = _usages(header)
    except DECODING_ERRORS:
        return 0.0
    minutes = (usage.estimated_time_to_regain_access for per_account in usages.values() for usage in per_account)
    return max(minutes, default=0.0) * 60
