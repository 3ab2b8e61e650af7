"""Band counts: counts of tipsters' messages that are published only when their six-hour band is over.

Otherwise somebody with the metrics and a phone company's records could match each message with a phone.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

from prometheus_client import Counter, Histogram

from satark.identity.time_buckets import band_end, band_start

K = TypeVar("K")


STEP = 16
"""Counts of messages are published in multiples of this: a day's count must not tell of one more question in a tip."""


class _Tally:
    """How often one key was counted, and the sum of its values."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count, self.total = 0, 0.0

    def take(self, step: int) -> tuple[int, float]:
        """Take whole steps out of the tally; return their count and sum."""
        count, total = self.count - self.count % step, self.total
        if self.count:
            self.total = total * (self.count - count) / self.count
        self.count -= count
        return count, total - self.total


class Band(Generic[K]):
    """Tallies of the current band. `publish` gets whole steps of bands that are over. Any thread may count."""

    def __init__(self, publish: Callable[[K, int, float], None], step: int, clock: Callable[[], float]) -> None:
        self._publish = publish
        self._step = step
        self._clock = clock
        self._lock = threading.Lock()
        self._begins, self._ends = _bounds(clock())
        self._tallies: defaultdict[K, _Tally] = defaultdict(_Tally)

    def add(self, key: K, value: float = 0) -> None:
        """Count one. This runs five times for each message."""
        if not self._begins <= self._clock() < self._ends:
            self.end()
        with self._lock:
            tally = self._tallies[key]
            tally.count += 1
            tally.total += value

    def waiting(self) -> list[tuple[K, int, float]]:
        """Return key, count and sum of what is not published yet."""
        with self._lock:
            return [(key, tally.count, tally.total) for key, tally in self._tallies.items() if tally.count]

    def take_over(self, waiting: Iterable[tuple[K, int, float]]) -> None:
        """Count what waited in another process."""
        with self._lock:
            for key, count, total in waiting:
                self._tallies[key].count += count
                self._tallies[key].total += total

    def end(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Publish the counts of a band that is over (at `now`, if given), except the rest of a step, which waits."""
        begins, ends = _bounds(self._clock() if now is None else now)
        if begins == self._begins:
            return
        with self._lock:
            self._begins, self._ends = begins, ends
            ended = {key: tally.take(1 if all_steps else self._step) for key, tally in self._tallies.items()}
        for key, (count, total) in ended.items():
            if count:
                self._publish(key, count, total)


def _bounds(now: float) -> tuple[int, int]:
    """Return the beginning and the end of the band of a moment."""
    return band_start(int(now)), band_end(int(now))


class BandCounter:
    """A counter whose published numbers change only at the ends of bands.

    Args:
        counter: the counter that is published.
        usual: values of the last label whose counts wait for the end of a band; without it, all wait. Other values
            are faults, which are published at once.
        step: counts are published in multiples of this.
        clock: returns the time, in Unix seconds.
    """

    def __init__(
        self, counter: Counter, usual: Collection[str] = (), *, step: int = STEP, clock: Callable[[], float] = time.time
    ) -> None:
        self._counter = counter
        self._usual = frozenset(usual)
        self.when_shown: Callable[[], None] = lambda: None
        """Called when counts of a band that is over are published."""
        self.band: Band[tuple[str, ...]] = Band(self._show, step, clock)

    def count(self, *labels: str) -> None:
        """Count one with these labels."""
        if self._usual and labels[-1] not in self._usual:
            self._counter.labels(*labels).inc()
        else:
            self.band.add(labels)

    def end_band(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Publish the counts of a band that is over (at `now`, if given); with `all_steps` without rounding."""
        self.band.end(now, all_steps=all_steps)

    def _show(self, labels: tuple[str, ...], count: int, _sum: float) -> None:
        self._counter.labels(*labels).inc(count)
        self.when_shown()


class BandHistogram:
    """A histogram that changes only at the ends of bands. The values in a bucket are published as their mean.

    Args:
        histogram: the histogram that is published.
        buckets: the upper bounds of its buckets.
        clock: gives the time, Unix seconds.
    """

    def __init__(
        self, histogram: Histogram, buckets: Collection[float], clock: Callable[[], float] = time.time
    ) -> None:
        self._histogram = histogram
        self._buckets = [*sorted(buckets), float("inf")]
        self.band: Band[float] = Band(self._show, STEP, clock)

    def observe(self, value: float) -> None:
        """Count one value."""
        self.band.add(self._buckets[bisect_left(self._buckets, value)], value)

    def end_band(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Publish the values of a band that is over, as `BandCounter.end_band` does."""
        self.band.end(now, all_steps=all_steps)

    def _show(self, _bucket: float, count: int, total: float) -> None:
        for _ in range(count):
            self._histogram.observe(total / count)
