"""Stocks: threads of low priority make, in advance, things that take long to make. Each is used once."""

import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_LOW: Final = 256
"""Number of remaining things at which the stock is filled at once."""
_IDLE_SECONDS: Final = 1.0
"""Seconds without demand after which the stock is filled completely. While many tips come, they get the processor."""
_IDLE, _LOW_PRIORITY = 19, 5
"""Priorities (`nice`) of the thread that fills an idle stock, and of the thread that fills a low stock."""


class Stock(Generic[T]):
    """Makes things in advance.

    One thread fills the stock while nobody takes from it. Another fills a low stock while somebody does. `make` makes
    one thing, in any thread. `ahead`: how many to have ready; 0: each is made when it is taken.
    """

    def __init__(self, make: Callable[[], T], *, ahead: int, name: str) -> None:
        self._make = make
        self._ready: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._low = min(_LOW, ahead // 4)
        self._taken_at = -math.inf
        hands = ((name, ahead, _IDLE, _IDLE_SECONDS), (f"{name}-low", self._low, _LOW_PRIORITY, 0.0))
        self._hands = [
            threading.Thread(target=self._fill, args=(most, nice, idle), name=name, daemon=True)
            for name, most, nice, idle in hands
            if most
        ]

    def start(self) -> None:
        """Begin to fill the stock."""
        for hand in self._hands:
            hand.start()

    def take(self) -> T:
        """Take one thing, in any thread. If the stock is empty, make one."""
        self._taken_at = time.monotonic()
        try:
            taken = self._ready.popleft()
        except IndexError:
            return self._make()
        if len(self._ready) < self._low:
            with self._changed:
                self._changed.notify_all()
        return taken

    def close(self) -> None:
        """End the threads without waiting for their present work."""
        self._closed = True
        with self._changed:
            self._changed.notify_all()

    def _fill(self, most: int, nice: int, idle: float) -> None:
        _step_back(nice)
        while self._wait_for_need(most, idle):
            made = self._make()
            with self._changed:
                if len(self._ready) < most:  # the other thread may have filled it meanwhile
                    self._ready.append(made)

    def _wait_for_need(self, most: int, idle: float) -> bool:
        """Wait until the stock is below `most` and nobody has taken a thing for `idle` seconds. False: it is closed."""
        with self._changed:
            while not self._closed:
                if len(self._ready) < most and time.monotonic() >= self._taken_at + idle:
                    return True
                self._changed.wait(idle or None)
            return False


def _step_back(nice: int) -> None:
    """Lower the priority of this thread, if the system has priorities for single threads."""
    if sys.platform == "linux":
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), max(own, nice))
