"""What one process knows of a destination while it delivers there: what is under way, its budget, its failures.

A circuit breaker that opens too easily lets one poisoned tip hold up the others; one that never opens hammers a dead
host. So it opens where a sink says that the destination itself is down, or where several different tips failed.
"""

from __future__ import annotations

from collections import deque

DOWN_RESULTS = 3
"""`Retry(down=True)` in a row that open the breaker."""
FAILED_TIPS = 5
"""Different deliveries that failed, with no success between, that open the breaker."""
MINUTE = 60
PROBES = 2
"""Deliveries that probe a destination that is down: the oldest, and the newest in case the oldest is poisoned."""


class CircuitBreaker:
    """One destination in one process."""

    def __init__(self, *, at_once: int, per_minute: int) -> None:
        self.under_way: set[bytes] = set()
        self._at_once = at_once
        self._per_minute = per_minute
        self._begun: deque[int] = deque()
        self._down = 0
        self._failed: set[bytes] = set()

    def room(self, now: int) -> int:
        """How many deliveries may begin now."""
        free = self._at_once - len(self.under_way)
        if self._per_minute:
            while self._begun and self._begun[0] <= now - MINUTE:
                self._begun.popleft()
            free = min(free, self._per_minute - len(self._begun))
        return max(0, free)

    def begin(self, id_: bytes, now: int) -> None:
        """Note that one began."""
        self.under_way.add(id_)
        if self._per_minute:
            self._begun.append(now)

    def end(self, id_: bytes) -> None:
        """Note that one ended."""
        self.under_way.discard(id_)

    def worked(self) -> None:
        """Note that the destination answered as it should."""
        self._down = 0
        self._failed.clear()

    def failed(self, id_: bytes, *, down: bool) -> bool:
        """Note a failure; True where the destination must be taken for down. The count then begins anew."""
        self._down += down
        self._failed.add(id_)
        is_down = self._down >= DOWN_RESULTS or len(self._failed) >= FAILED_TIPS
        if is_down:
            self.worked()
        return is_down
