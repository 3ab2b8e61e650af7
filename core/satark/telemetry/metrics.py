"""The process's metrics. Labels are names of channels, sinks and configured destinations, and error codes."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from satark.identity.time_buckets import band_end, band_start
from satark.telemetry.faults import ALARM_SECONDS, FORGED_MESSAGES, Fault, Faults

K = TypeVar("K")

STEP = 16
"""Counts of messages are published in multiples of this number, so that no count shows one more question in a tip."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class _Counts(msgspec.Struct, array_like=True):
    """The counts that one process hands to the next: of counters with labels, of bands, and of alarms."""

    published: list[tuple[str, dict[str, str], float]]
    waiting: list[list[tuple[tuple[str, ...] | float, int, float]]]
    alarms: list[tuple[Fault, float]]


class Metrics:
    """The process's metrics, in a registry of their own.

    Labels are names of channels, sinks and configured destinations, and error codes. Counts of tipsters' messages are
    published at the end of their six-hour band, and so is the fault of a forged message; other faults at once.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        # They say to the microsecond when something of a kind first happened.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.faults = Faults(self.registry)
        self._clock = clock
        self._banded: list[BandCounter | BandHistogram] = []
        self._counters: dict[str, Counter] = {}
        self.webhooks = self._by_band(
            self._counter("satark_webhooks", "webhooks by how they were answered", "channel", "answer"),
            "accepted",
            "spooled",
        )
        self.ignored = self._by_band(self._counter("satark_ignored_items", "items that need nothing", "channel"))
        self.turns = self._by_band(self._counter("satark_turns", "turns taken", "channel"))
        self.duplicates = self._by_band(
            self._counter("satark_duplicates", "events that had been taken before", "channel")
        )
        self.failures = self._counter("satark_turn_failures", "turns that raised; the provider will retry", "channel")
        self.tips = self._by_band(self._counter("satark_tips", "tips confirmed", "channel"), step=1)
        self.sends = self._by_band(
            self._counter("satark_sends", "provider calls by result", "channel", "result"), "accepted"
        )
        self.reports = self._by_band(
            self._counter("satark_send_reports", "later reports of providers on calls", "channel", "result"), "accepted"
        )
        self.files = self._by_band(
            self._counter("satark_files", "files by what became of them", "result"), "sealed", step=1
        )
        self.deliveries = self._by_band(
            self._counter("satark_deliveries", "deliveries by result", "sink", "result"), "done", step=1
        )
        text = "mailboxes opened with messages left out that nobody signed who may write"
        self.forged = self._by_band(self._counter("satark_forged_mailboxes", text, "channel"), step=1)
        self.forged.when_shown = partial(self.faults.begin, FORGED_MESSAGES, seconds=ALARM_SECONDS)
        text = "batches spooled or refused while the database was down"
        self.spooled = self._by_band(self._counter("satark_spooled", text, "channel", "result"), "spooled", step=1)
        self.replayed = self._by_band(
            self._counter("satark_spool_replayed", "spooled batches by result", "result"), "ingested", step=1
        )
        self.waiting = Gauge("satark_waiting", "what waits, by queue", ("queue",), registry=self.registry)
        self.deliveries_waiting = self._gauge("satark_deliveries_waiting", "deliveries that wait or are tried", "sink")
        self.deliveries_dead_lettered = self._gauge(
            "satark_deliveries_dead_lettered", "deliveries that are no longer attempted", "sink"
        )
        self.destinations_down = self._gauge(
            "satark_destinations_down", "destinations that are down; the name of one that is configured", "destination"
        )
        # Set by a look every half minute, whatever comes: it changes by no tip, so it is shown at once.
        self.roster_alarms = Gauge(
            "satark_roster_alarms", "reasons not to follow the databases on who may read", registry=self.registry
        )
        text = "seconds since the last backup was made, and since the last drill passed"
        self.backup_age = self._gauge("satark_backup_age_seconds", text, "what")
        self.commit = self._histogram("satark_commit_seconds", "seconds from an event's arrival to its commit")
        # By band as well: a message that takes long delays the loop, at a time that only its sender should know.
        text = "seconds by which the event loop is late, looked at each second"
        self.loop_delay = self._histogram("satark_loop_delay_seconds", text)
        text = "calls of optional hooks that were skipped: one raised, took too long or returned the wrong type"
        self.hooks = self._by_band(self._counter("satark_hook_failures", text, "plugin", "hook"), step=1)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        self.end_bands()
        return generate_latest(self.registry)

    def end_bands(self, now: float | None = None, *, all_steps: bool = False) -> None:
        """Publish the counts of bands that are over (at `now`, Unix time, if given); `all_steps`: without rounding."""
        for one in self._banded:
            one.band.end(now, all_steps=all_steps)

    def counts(self) -> bytes:
        """Return the counts for the process that replaces this one."""
        self.end_bands()
        published = [
            (name, sample.labels, sample.value)
            for name, counter in self._counters.items()
            for sample in next(iter(counter.collect())).samples
        ]
        waiting: list[Any] = [one.band.waiting() for one in self._banded]
        return msgspec.msgpack.encode(_Counts(published, waiting, self.faults.lasting()))

    def take_over(self, encoded: bytes) -> None:
        """Continue the counts of the process that this one replaces."""
        if not encoded:  # it was killed, or there was none
            return
        counts = msgspec.msgpack.decode(encoded, type=_Counts)
        for name, labels, value in counts.published:
            self._counters[name].labels(**labels).inc(value)
        for one, waiting in zip(self._banded, counts.waiting, strict=True):
            one.band.take_over(waiting)  # type: ignore[arg-type] # a counter's keys are words, a histogram's numbers
        self.faults.take_over(counts.alarms)

    def clear_queue_gauges(self) -> None:
        """Empty the gauges that `satark.runtime.app` fills."""
        for gauge in (self.deliveries_waiting, self.deliveries_dead_lettered, self.destinations_down):
            gauge.clear()

    def _by_band(self, counter: Counter, *usual: str, step: int = STEP) -> BandCounter:
        banded = BandCounter(counter, usual, step=step, clock=self._clock)
        self._banded.append(banded)
        return banded

    def _histogram(self, name: str, text: str) -> BandHistogram:
        histogram = Histogram(name, text, registry=self.registry, buckets=_SECONDS)
        banded = BandHistogram(histogram, _SECONDS, self._clock)
        self._banded.append(banded)
        return banded

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        counter = self._counters[name] = Counter(name, text, labels, registry=self.registry)
        return counter


class _Tally:
    """The number of times that a key was counted, and the sum of its values."""

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
        """Return key, count and sum of each unpublished tally."""
        with self._lock:
            return [(key, tally.count, tally.total) for key, tally in self._tallies.items() if tally.count]

    def take_over(self, waiting: Iterable[tuple[K, int, float]]) -> None:
        """Add the unpublished tallies of another process."""
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

    Otherwise somebody with the metrics and a phone company's records could match each message with a phone.

    Values of the last label that are not `usual` are faults, which are published at once; without `usual`, all counts
    wait. Counts are published in multiples of `step`.
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
        if self._usual and labels[-1] not in self._usual:
            self._counter.labels(*labels).inc()
        else:
            self.band.add(labels)

    def _show(self, labels: tuple[str, ...], count: int, _sum: float) -> None:
        self._counter.labels(*labels).inc(count)
        self.when_shown()


class BandHistogram:
    """A histogram that changes only at the ends of bands. The values in a bucket are published as their mean."""

    def __init__(
        self, histogram: Histogram, buckets: Collection[float], clock: Callable[[], float] = time.time
    ) -> None:
        self._histogram = histogram
        self._buckets = [*sorted(buckets), float("inf")]
        self.band: Band[float] = Band(self._show, STEP, clock)

    def observe(self, value: float) -> None:
        self.band.add(self._buckets[bisect_left(self._buckets, value)], value)

    def _show(self, _bucket: float, count: int, total: float) -> None:
        for _ in range(count):
            self._histogram.observe(total / count)
