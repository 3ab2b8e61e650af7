"""Slows look-ups of receipt codes down while many codes are wrong, whoever guesses."""

import time

LONGEST_WAIT = 5.0
"""Most seconds that the look-up of a code waits while too many wrong codes come in."""


class CodeGuesses:
    """One token bucket for everybody's wrong codes. Senders are not counted one by one, since no address is stored."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._at = time.monotonic()

    def wrong(self) -> None:
        self._refill()
        self._left -= 1

    def delay(self) -> float:
        """Return the seconds that the next look-up has to wait: 0 until the bucket is empty."""
        self._refill()
        return min(LONGEST_WAIT, -self._left / self._per_second) if self._left < 0 else 0.0

    def _refill(self) -> None:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
