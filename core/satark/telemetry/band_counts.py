"""Band counts: what a tipster's message moves is shown when its six-hour band is over.

Whoever watches the metrics and has a phone company's records could else line up each message with a phone.
"""

from __future__ import annotations

import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Generic, TypeVar

from satark.time_buckets import band_start

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

K = TypeVar("K")


STEP = 16
"""Messages are counted in steps of so many: a day's number must not tell whether a tip took a question more."""


class _Band(Generic[K]):
    """Tallies of the band that is not over yet; `publish` gets whole steps of those that are. Threads may count."""

    def __init__(self, publish: Callable[[K, int, float], None], step: int, clock: Callable[[], float]) -> None:
        self._publish = publish
        self._step = step
        self._clock = clock
        self._lock = threading.Lock()
        self._band = band_start(int(clock()))
        self._counts: Tally[K] = Tally()
        self._sums: dict[K, float] = {}

    def add(self, key: K, value: float = 0) -> None:
        """Count one."""
        self.end()
        with self._lock:
            self._counts[key] += 1
            self._sums[key] = self._sums.get(key, 0) + value

    def end(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Publish what was counted in a band that is over, at `now` if it is given; what is left of a step waits."""
        band = band_start(int(self._clock() if now is None else now))
        if band == self._band:
            return
        with self._lock:
            self._band = band
            ended = {key: self._take(key, 1 if all_steps else self._step) for key in list(self._counts)}
        for key, (count, total) in ended.items():
            if count:
                self._publish(key, count, total)

    def _take(self, key: K, step: int) -> tuple[int, float]:
        found, total = self._counts[key], self._sums[key]
        count = found - found % step
        self._counts[key], self._sums[key] = found - count, total * (found - count) / found if found else 0
        return count, total - self._sums[key]


class BandCounter:
    """A counter whose numbers change at the ends of bands only.

    Args:
        counter: what is shown.
        usual: values of the last label that wait for the end of a band; none: all. What is left are faults, which are
            shown at once.
        step: how many are shown at once.
        clock: gives the time, Unix seconds.
    """

    def __init__(
        self, counter: Counter, usual: Collection[str] = (), *, step: int = STEP, clock: Callable[[], float] = time.time
    ) -> None:
        self._counter = counter
        self._usual = frozenset(usual)
        self._band: _Band[tuple[str, ...]] = _Band(self._show, step, clock)

    def count(self, *labels: str) -> None:
        """Count one with these labels."""
        if self._usual and labels[-1] not in self._usual:
            self._counter.labels(*labels).inc()
        else:
            self._band.add(labels)

    def end_band(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Show what was counted in a band that is over, at `now` if it is given; `all_steps`: to the last one."""
        self._band.end(now, all_steps=all_steps)

    def _show(self, labels: tuple[str, ...], count: int, _sum: float) -> None:
        self._counter.labels(*labels).inc(count)


class BandHistogram:
    """A histogram that changes at the ends of bands only; a bucket's values are shown as their mean.

    Args:
        histogram: what is shown.
        buckets: its upper bounds.
        clock: gives the time, Unix seconds.
    """

    def __init__(
        self, histogram: Histogram, buckets: Collection[float], clock: Callable[[], float] = time.time
    ) -> None:
        self._histogram = histogram
        self._buckets = sorted(buckets)
        self._band: _Band[float] = _Band(self._show, STEP, clock)

    def observe(self, value: float) -> None:
        """Take one value."""
        self._band.add(next((bound for bound in self._buckets if value <= bound), float("inf")), value)

    def end_band(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Show what was observed in a band that is over, as `BandCounter.end_band`."""
        self._band.end(now, all_steps=all_steps)

    def _show(self, _bucket: float, count: int, total: float) -> None:
        for _ in range(count):
            self._histogram.observe(total / count)
