"""Throttle for passphrase guessing, by account and not by network address, which many officers may share."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FREE_ATTEMPTS = 4
"""Wrong passphrases in a row without a delay."""
MAX_WAIT = 300.0
"""Seconds between two attempts, at most: strangers can slow an account down, but not lock it."""
_MAX_ACCOUNTS = 10_000


class Throttle:
    """Counts consecutive failures by account, whether the account exists or not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, account: str) -> float:
        """Return the seconds until the next attempt is allowed; 0: now."""
        count, last = self._failures.get(account, (0, 0.0))
        delay = min(MAX_WAIT, 2.0 ** (count - FREE_ATTEMPTS)) if count > FREE_ATTEMPTS else 0.0
        return max(0.0, last + delay - self._clock())

    def failed(self, account: str) -> None:
        """Count a wrong passphrase."""
        count, _ = self._failures.pop(account, (0, 0.0))
        self._failures[account] = (count + 1, self._clock())
        if len(self._failures) > _MAX_ACCOUNTS:
            self._failures.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account."""
        self._failures.pop(account, None)
