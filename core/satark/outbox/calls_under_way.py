"""Calls under way: how many calls of one account may wait for the provider at once.

The limit allows 1,280 calls a second at the provider's speed: 64 if the provider answers within 50 ms, 192 within
150 ms. A higher limit would only cost time with a fast provider; a lower one would delay replies with a slow provider.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final

PER_SECOND: Final = 1_280
_WEIGHT: Final = 0.05
"""Weight of the newest call in the mean duration of a call."""


class CallsUnderWay:
    """The places of one account. `async with` takes a place and gives it back.

    Args:
        least: the number of places while the provider answers fast.
        most: the number of places while the provider does not answer.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = max(least, most)
        self._seconds = 0.0
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def places(self) -> int:
        """The number of calls that may be under way now."""
        return max(self._least, min(self._most, int(self._seconds * PER_SECOND)))

    @property
    def is_full(self) -> bool:
        """Whether another call would wait."""
        return self._taken >= self.places

    def note(self, seconds: float) -> None:
        """Note how long the provider took to answer a call."""
        self._seconds += (seconds - self._seconds) * _WEIGHT

    async def __aenter__(self) -> None:
        """Take a place. Whoever asked first gets one first."""
        if not self.is_full and not self._waiting:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the place back."""
        self._leave()

    def _leave(self) -> None:
        self._taken -= 1
        while self._waiting and not self.is_full:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
