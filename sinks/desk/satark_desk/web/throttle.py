"""Slows down whoever guesses passphrases: by account, never by network address, which many officers may share."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FREE = 4
"""Wrong passphrases in a row that cost no waiting."""
LONGEST = 300.0
"""Most seconds between two attempts: an account can be slowed down by strangers, but not locked."""
_REMEMBERED = 10_000


class Throttle:
    """Failures in a row by account, whether there is such an account or not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, account: str) -> float:
        """Seconds until the next attempt is looked at; 0 where it is looked at now."""
        count, last = self._failures.get(account, (0, 0.0))
        pause = min(LONGEST, 2.0 ** (count - FREE)) if count > FREE else 0.0
        return max(0.0, last + pause - self._clock())

    def failed(self, account: str) -> None:
        """Count a wrong passphrase."""
        count, _ = self._failures.pop(account, (0, 0.0))
        self._failures[account] = (count + 1, self._clock())
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def passed(self, account: str) -> None:
        """Forget the failures: the right passphrase was given."""
        self._failures.pop(account, None)
