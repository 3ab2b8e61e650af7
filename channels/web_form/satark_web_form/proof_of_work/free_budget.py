"""A budget of requests that need no proof of work: everybody together may make so many a minute in one process."""

from __future__ import annotations

import time
from collections.abc import Callable


class FreeBudget:
    """A token bucket. It does not count by sender or address, since neither is known here."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute`: how many requests are free in a minute. They may all come at once."""
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Take one from the budget. Return False if nothing is left."""
        if self.is_empty:
            return False
        self._left -= 1
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left < 1
