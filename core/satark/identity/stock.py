"""Stocks: a thread makes, in advance, things that take long to make. Each is used once."""

import math
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


class Stock(Generic[T]):
    """Makes things in advance.

    One thread fills the stock while nobody takes from it, and a low stock always. `make` makes one thing, in any
    thread. `ahead`: how many to have ready; 0: each is made when it is taken.
    """

    def __init__(self, make: Callable[[], T], *, ahead: int, name: str) -> None:
        self._make = make
        self._ready: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._ahead, self._low = ahead, min(_LOW, ahead // 4)
        self._taken_at = -math.inf
        self._thread = threading.Thread(target=self._fill, name=name, daemon=True)

    def start(self) -> None:
        """Begin to fill the stock."""
        if self._ahead:
            self._thread.start()

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
        """End the thread without waiting for its present work."""
        self._closed = True
        with self._changed:
            self._changed.notify_all()

    def _fill(self) -> None:
        # It rests as long as it worked instead of having a low priority: on a busy machine a thread of low priority
        # that holds the interpreter's lock waits for a processor, and all other threads wait for it.
        while self._wait_for_need():
            began = time.monotonic()
            self._ready.append(self._make())
            with self._changed:
                self._changed.wait_for(lambda: self._closed, time.monotonic() - began)

    def _wait_for_need(self) -> bool:
        """Wait until something must be made. False: the stock is closed."""
        with self._changed:
            while not self._closed:
                is_idle = time.monotonic() >= self._taken_at + _IDLE_SECONDS
                if len(self._ready) < (self._ahead if is_idle else self._low):
                    return True
                self._changed.wait(_IDLE_SECONDS)
            return False
