"""What a destination takes now: its limits and its circuit breaker, as one process counts them."""

from collections import deque

DOWN_RESULTS = 3
"""Number of `Retry(down=True)` results in a row that open the breaker."""
FAILED_TIPS = 5
"""Number of different deliveries whose failures open the breaker, if no delivery succeeds between them."""
MINUTE = 60
TRIALS = 2
"""Number of trial deliveries while half-open: the oldest delivery and, in case it always fails, the newest."""


class CircuitBreaker:
    """The circuit breaker of one destination in one process."""

    def __init__(self, *, at_once: int, per_minute: int) -> None:
        self.under_way: set[bytes] = set()
        self._at_once = at_once
        self._per_minute = per_minute
        self._begun: deque[int] = deque()
        self._down_results = 0
        self._failed: set[bytes] = set()

    def capacity(self, now: int) -> int:
        """Return how many deliveries may begin now."""
        free = self._at_once - len(self.under_way)
        if self._per_minute:
            while self._begun and self._begun[0] <= now - MINUTE:
                self._begun.popleft()
            free = min(free, self._per_minute - len(self._begun))
        return max(0, free)

    def begin(self, id_: bytes, now: int) -> None:
        """Count a delivery as under way."""
        self.under_way.add(id_)
        if self._per_minute:
            self._begun.append(now)

    def end(self, id_: bytes) -> None:
        """Count a delivery as no longer under way."""
        self.under_way.discard(id_)

    def succeeded(self) -> None:
        """Count a success: the failures before it no longer matter."""
        self._down_results = 0
        self._failed.clear()

    def failed(self, id_: bytes, *, down: bool) -> bool:
        """Count a failure; return whether the failure opens the breaker. If so, the count starts again at zero."""
        self._down_results += down
        self._failed.add(id_)
        opens = self._down_results >= DOWN_RESULTS or len(self._failed) >= FAILED_TIPS
        if opens:
            self.succeeded()
        return opens
