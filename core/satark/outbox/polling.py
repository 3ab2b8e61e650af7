"""Polling the outbox: most polls are for replies that became due within the last minute, few for all.

While an old transaction is open, such as a dump's, PostgreSQL removes no row of what was sent since, and a poll for
everything that is due walks over all of them.
"""

from __future__ import annotations

from typing import Final

ALL_EVERY: Final = 60
"""Seconds between two polls for everything: a process whose clock is behind may have made something due long ago."""
CLOCKS_APART: Final = 60
"""Seconds that a poll goes back behind the one before."""


class Polling:
    """The polls of one process."""

    def __init__(self) -> None:
        self._all_at = self._none_before = 0

    def since(self, now: int) -> int:
        """Return from when on the replies may be due that this poll is for, in Unix seconds; 0: from ever."""
        if not self._all_at <= now < self._all_at + ALL_EVERY:
            self._all_at, self._none_before = now, 0
        return self._none_before

    def ended(self, now: int, *, found_all: bool) -> None:
        """Note that a poll ended. `found_all`: the number that one poll may take did not cut it short."""
        self._none_before = now - CLOCKS_APART if found_all else 0
