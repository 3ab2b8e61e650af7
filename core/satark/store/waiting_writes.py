"""Waiting writes: what the writer's next transaction takes of what waits, so that a flood delays its sender alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar


class Bounds(NamedTuple):
    """How much may wait, and how much of it one transaction takes."""

    batch: int = 256
    """Most writes in one transaction."""
    share: int = 32
    """Most messages of one sender in a transaction that others wait for."""
    waiting: int = 20_000
    """Most messages that wait."""
    of_sender: int = 2_000
    """Most messages of one sender that wait."""


class Waits(Protocol):
    """A write that waits."""

    @property
    def sender(self) -> bytes:
        """Whose message it writes; empty: it is no message."""


T = TypeVar("T", bound=Waits)


class WaitingWrites(Generic[T]):
    """The writes that wait, in the order of coming."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._writes: list[T] = []
        self._of_sender: Counter[bytes] = Counter()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._writes)

    def add(self, write: T) -> bool:
        """Let a write wait; False: it may not, since it is a message and too many wait, of its sender or of all."""
        if write.sender:
            of_sender = self._of_sender[write.sender]
            if of_sender >= self._bounds.of_sender or len(self._writes) >= self._bounds.waiting:
                return False
            self._of_sender[write.sender] = of_sender + 1
        self._writes.append(write)
        return True

    def take(self) -> Sequence[T]:
        """Take the writes of the next transaction: all where they fit, else of each sender no more than a share."""
        if len(self._writes) <= self._bounds.batch:
            taken, self._writes = self._writes, []
            self._of_sender.clear()
            return taken
        taken, left = self._shared_out()
        self._writes = left
        self._of_sender.subtract(write.sender for write in taken if write.sender)
        self._of_sender += Counter()  # which drops those that have nothing left
        return taken

    def _shared_out(self) -> tuple[list[T], list[T]]:
        taken: list[T] = []
        left: list[T] = []
        shares: Counter[bytes] = Counter()
        for write in self._writes:
            fits = len(taken) < self._bounds.batch
            if fits and (not write.sender or shares[write.sender] < self._bounds.share):
                shares[write.sender] += bool(write.sender)
                taken.append(write)
            else:
                left.append(write)
        if len(+shares) == 1:  # nobody else waits
            room = self._bounds.batch - len(taken)
            taken, left = [*taken, *left[:room]], left[room:]
        return taken, left
