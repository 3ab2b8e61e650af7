"""Derivation queue: its own threads derive keys from passphrases, a few at a time, the most urgent first.

A derivation takes 64 MiB and 0.2 s of processor time. Without a limit, a hundred strangers who sign in at once would
use up the machine's memory and delay everybody else. Strangers take turns by visit: a visit that sends a hundred
passphrases waits behind a visit that sends one. Within a turn, attempts on accounts without failures go first, then the
newest attempts: in a flood the oldest attempt is a guess, and the newest may be an officer's.
"""

import threading
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

AT_ONCE: Final = 1
"""Most derivations that run at the same time, unless the settings give another number."""
WAITING: Final = 200
"""Most derivations that wait, unless the settings give another number."""
KNOWN: Final = 0
"""Rank of a signed-in officer and of an officer in a known browser. Both go before every stranger."""
STRANGER: Final = 1
"""Rank of a stranger on an account without failures; each failure on the account adds one."""
LAST: Final = 1_000_000
"""Rank of work that nobody waits for."""


class QueueFull(Exception):  # noqa: N818 - it reads as what it says
    """Too many derivations wait, and this one was the least urgent. It was not run; try again in some seconds."""


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    work: Callable[[], Any]
    result: Future[Any]
    rank: Callable[[], int]
    share: Hashable
    key: Hashable


class DerivationQueue:
    """A bounded queue with a few threads. Its threads start when they are needed."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._lock = threading.Lock()
        self._own_thread = threading.local()
        self.resize(at_once, waiting)
        self._waiting: list[_Waiting] = []
        self._turns: Counter[Hashable] = Counter()
        self._same: dict[Hashable, Future[Any]] = {}

    def resize(self, at_once: int, waiting: int) -> None:
        """Set the most derivations that run, and the most that wait. Call it before the first derivation."""
        self._limit = waiting
        self._threads = ThreadPoolExecutor(
            at_once, "derivation", initializer=lambda: setattr(self._own_thread, "mark", True)
        )

    def submit(
        self, work: Callable[[], T], rank: int | Callable[[], int] = KNOWN, key: Hashable = None, share: Hashable = None
    ) -> Future[T]:
        """Queue a derivation, or work that contains one. Return at once.

        Args:
            work: the function to call.
            rank: a lower rank goes first. A function is called again whenever a thread is free: its rank may have
                changed.
            key: while other work with an equal key waits or runs, return the result of that work and queue nothing.
            share: the visit whose turn the work takes among strangers.

        Returns:
            The result; it fails with `QueueFull` if more urgent work fills the queue.
        """
        with self._lock:
            if key is not None and key in self._same:
                return self._same[key]
            result = Future[T]()
            asked = rank if callable(rank) else lambda: rank
            self._waiting.append(_Waiting(work, result, asked, share, key))
            if key is not None:
                self._same[key] = result
            refused = self._drop_last() if len(self._waiting) > self._limit else None
        if refused is not None:
            refused.result.set_exception(QueueFull())
        self._threads.submit(self._run_next)
        return result

    def run(self, work: Callable[[], T], rank: int = KNOWN) -> T:
        """Do the work now if this is one of the queue's own threads, else queue it and wait. Call it from a thread.

        Raises:
            QueueFull: more urgent work fills the queue.
        """
        return work() if hasattr(self._own_thread, "mark") else self.submit(work, rank).result()

    def _drop_last(self) -> _Waiting:
        dropped = self._waiting.pop(self._in_order()[-1])
        self._same.pop(dropped.key, None)
        return dropped

    def _take_first(self) -> _Waiting | None:
        if not self._waiting:
            return None
        first = self._waiting.pop(self._in_order()[0])
        self._turns[first.share] += 1
        return first

    def _in_order(self) -> list[int]:
        """Return the waiting work, in the order in which it would run now."""
        turns, order = self._turns.copy(), []
        for place in range(len(self._waiting) - 1, -1, -1):
            rank, share = self._waiting[place].rank(), self._waiting[place].share
            if STRANGER <= rank < LAST:
                order.append((STRANGER, turns[share], rank, -place, place))
                turns[share] += 1
            else:
                order.append((rank, 0, rank, place, place))
        return [place for *_, place in sorted(order)]

    def _run_next(self) -> None:
        with self._lock:
            waiting = self._take_first()
        if waiting is None:
            return
        if waiting.result.set_running_or_notify_cancel():
            _finish(waiting)
        with self._lock:
            self._same.pop(waiting.key, None)
            if not self._waiting:
                self._turns.clear()  # nobody waits, so nobody is behind others


def _finish(waiting: _Waiting) -> None:
    try:
        waiting.result.set_result(waiting.work())
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the result
        waiting.result.set_exception(error)


QUEUE: Final = DerivationQueue()
"""The queue of this process. All derivations use it, so its limits bound the memory of all derivations together."""
