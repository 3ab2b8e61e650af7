"""Slows wrong receipt codes, of everybody together: nobody is counted."""

from __future__ import annotations

import time

LONGEST_WAIT = 5.0
"""Most seconds that a code look-up waits while too many wrong codes come in."""


class CodeGuesses:
    """A token bucket for wrong codes of everybody together. It never counts by sender or address: neither is stored."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._at = time.monotonic()

    def wrong(self) -> None:
        """Count a wrong code."""
        self._refill()
        self._left -= 1

    def delay(self) -> float:
        """Return the seconds that the next look-up has to wait: 0 while the bucket lasts."""
        self._refill()
        return min(LONGEST_WAIT, -self._left / self._per_second) if self._left < 0 else 0.0

    def _refill(self) -> None:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
