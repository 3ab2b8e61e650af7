"""Index of a desk's queue: its order, and which tips have which mark or value. All officers of the desk share it.

The index is updated tip by tip, so that a page processes only the tips that it shows and the tips that changed.
"""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import groupby
from sys import intern
from typing import Final, NamedTuple, Protocol, TypeAlias
from weakref import WeakSet

import msgspec
from msgspec.inspect import type_info

from satark.casework import Clocks, Offices, Services, TipCache, TipSummary
from satark_desk.read_state import queue_entries
from satark_desk.tip_queue import MARKS, SECTIONS, Row, RowBuilder

Facet: TypeAlias = tuple[str, str]
"""A field of `Filter` or another property, and its value."""
_MANY: Final = 500
"""Number of changed tips above which the whole order is sorted again, instead of moving each tip."""
_HASH: Final = 16
"""Bytes of the hash of the rules by which a tip's place in the queue was worked out."""
_NEVER: Final = 2**40
"""Unix seconds after all times at which anything is due."""


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the order and the marks of a queue depend on, besides the tips."""

    clocks: Clocks
    overdue_days: int
    utc_offset_hours: float
    age: Callable[[str, float], int]
    """Gives the days from a time band to a moment, by the officers' calendar."""
    days_after: Callable[[str, int], float]
    """Gives the moment that is so many days after a time band; 0 if the band is empty."""


class Key(NamedTuple):
    """Sort key of a tip in the queue: the greatest key comes first."""

    section: int
    rank: int
    due: int
    heard: str
    """Time band in which the desk last heard from the tipster."""
    position: int
    number: str
    tip: str
    received: str


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a tip stands in the queue, until something changes or the moment comes."""

    first: tuple[int, int, int, str, int]
    """The first values of its `Key`."""
    received: str
    wake: float
    """When its marks next change by the passing of time alone, Unix seconds; 0: never."""


class QueueIndex:
    """The queue of one desk, the same for all its officers. An `OfficerQueue` knows what its officer has read."""

    def __init__(self, services: Services, cache: TipCache, desk: str, rules: QueueRules) -> None:
        self.cache = cache
        self.desk = desk
        self.rules = rules
        self._services = services
        self._order: list[Key] = []
        self._keys: dict[str, Key] = {}
        self._facets_of: dict[str, tuple[Facet, ...]] = {}
        self._facets: defaultdict[Facet, set[str]] = defaultdict(set)
        self._wakes: list[tuple[float, str]] = []
        """Heap of the times at which marks change by the passing of time alone, each with its tip."""
        self._watchers: WeakSet[QueueWatcher] = WeakSet()
        version = int(time.time() * 1000)
        self.versions = defaultdict[str, int](lambda: version, {"": version})
        """Tip → a number that is new whenever the tip changes; for the empty text, whenever any of the desk's does."""
        offices = Offices.of(services.desks(), services.geography)
        rules_of = (
            rules.clocks,
            rules.overdue_days,
            rules.utc_offset_hours,
            offices,
            repr(type_info(Place)),
            Key._fields,
        )
        self._rules_hash = blake2b(msgspec.json.encode(rules_of), digest_size=_HASH).digest()
        self._shared: dict[bytes, tuple[Facet, ...]] = {}
        cache.watch(self._update)

    def watch(self, watcher: QueueWatcher) -> None:
        """Report the tips that change from now on to `watcher`, as long as the watcher is used."""
        self._watchers.add(watcher)

    def refresh(self) -> None:
        """Apply what has changed in the store, and update the marks that change as time passes."""
        with self.cache.lock:
            self.cache.refresh()
            now, due = time.time(), set[str]()
            while self._wakes and self._wakes[0][0] <= now:
                due.add(heappop(self._wakes)[1])
            if due:
                self._update(due)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def tips(self) -> AbstractSet[str]:
        """The ids of all tips."""
        return self._keys.keys()

    def having(self, name: str, value: str) -> AbstractSet[str]:
        """Return the tips that have a value."""
        return self._facets.get((name, value), frozenset())

    def by_value(self, name: str) -> dict[str, AbstractSet[str]]:
        """Return the tips with each value of a field."""
        return {value: tips for (field, value), tips in self._facets.items() if field == name}

    def summary(self, tip: str) -> TipSummary:
        """Return the summary of a tip."""
        return self.cache.tips[tip].listed.summary

    def ordered(self, chosen: AbstractSet[str] | None, unread: AbstractSet[str]) -> Iterator[str]:
        """Yield the chosen tips, or all tips, in one officer's order.

        No time within a band is stored. Among tips of one section, due at the same time and heard of in the same band,
        unread tips come first, then the tips that arrived last.
        """
        for _, group in groupby(reversed(self._order), key=_band):
            later = []
            for key in group:
                if chosen is None or key.tip in chosen:
                    if key.tip in unread:
                        yield key.tip
                    else:
                        later.append(key.tip)
            yield from later

    def builder(
        self, officer: str, tips: Collection[str], unseen: AbstractSet[str], updated: AbstractSet[str]
    ) -> RowBuilder:
        """Return a builder of these tips' rows for an officer.

        `unseen`: tips that the officer has not seen; `updated`: tips that changed since the officer saw them.
        """
        now = time.time()
        return RowBuilder(
            desk=self.desk,
            officer=officer,
            unseen=unseen,
            updated=updated,
            queue_entries=self._services.read(lambda c: queue_entries(c, tips)),
            offices=Offices.of(self._services.desks(), self._services.geography),
            clocks=self.rules.clocks,
            now=now,
            overdue_days=self.rules.overdue_days,
            age=lambda band: self.rules.age(band, now),
        )

    def _update(self, tips: Collection[str]) -> None:
        known = self._places_of(tips)
        builder = self.builder("", set(tips) - known.keys(), frozenset(), frozenset())
        added = defaultdict[bytes, list[str]](list)
        many = len(tips) > _MANY
        for tip in tips:
            entry = self.cache.tips.get(tip)
            if tip in self._keys:
                self.versions[tip] = self.versions[""] + 1
                self._remove(tip, from_order=not many)
            elif not entry:  # of others' tips a desk learns nothing
                continue
            self.versions[""] += 1
            if entry:
                place = known.get(tip) or self._place(tip, builder.row(self.summary(tip)))
                key = self._keys[tip] = _key(place, entry.number, tip)
                self._facets["band", key.received].add(tip)
                added[entry.shared_note].append(tip)
                if place.wake:
                    heappush(self._wakes, (place.wake, tip))
                if not many:
                    insort(self._order, key)
        self._add_facets(added)
        if many:
            self._order = sorted(self._keys.values())
        for watcher in self._watchers:
            watcher.follow(tips)

    def _add_facets(self, added: Mapping[bytes, Collection[str]]) -> None:
        """Note which tips have which facets. Many tips have all theirs in common, and share one tuple of them."""
        for encoded, tips in added.items():
            facets = self._shared.setdefault(encoded, _decode_facets(encoded))
            self._facets_of.update(dict.fromkeys(tips, facets))
            for facet in facets:
                self._facets[facet].update(tips)

    def _places_of(self, tips: Collection[str]) -> dict[str, Place]:
        """Return the places of tips that were noted by these rules, and that time has not changed since."""
        now = time.time()
        notes = ((tip, self.cache.tips[tip].note) for tip in tips if tip in self.cache.tips)
        found = ((tip, _decode(note[_HASH:])) for tip, note in notes if note[:_HASH] == self._rules_hash)
        return {tip: place for tip, place in found if not 0 < place.wake <= now}

    def _place(self, tip: str, row: Row) -> Place:
        place = Place(first_of_key(row), row.summary.header.received, self._next_change(row))
        facets = _encode(tuple(_facets(row, self.desk)))
        self.cache.keep_note(tip, self._rules_hash + _encode(place), facets)
        return place

    def _remove(self, tip: str, *, from_order: bool) -> None:
        key = self._keys.pop(tip)
        self._facets["band", key.received].discard(tip)
        if from_order:
            del self._order[bisect_left(self._order, key)]
        for facet in self._facets_of.pop(tip):
            self._facets[facet].discard(tip)

    def _next_change(self, row: Row) -> float:
        """Return when a tip's marks next change by the passing of time alone; 0: never."""
        summary, rules, now = row.summary, self.rules, time.time()
        if summary.finished:
            return 0
        header, work = summary.header, summary.work
        reports = [one.due for one in work.directions.values() if one.is_open]
        open_days = rules.clocks.open_days(header, rules.overdue_days)
        reports += [int(due - rules.clocks.remind_hours * 3600) for due in reports]
        moments: list[float] = [*reports, rules.clocks.due(header, work)]
        moments += [rules.days_after(header.received, open_days + 1)]
        return min((moment for moment in moments if moment > now), default=0)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Place).decode
_decode_facets = msgspec.msgpack.Decoder(tuple[Facet, ...]).decode


class QueueWatcher(Protocol):
    """Follows the changes of a queue."""

    def follow(self, tips: Collection[str]) -> None:
        """Handle that these tips changed, were added or were removed."""


def first_of_key(row: Row) -> tuple[int, int, int, str, int]:
    """Return the first values of the key by which a row stands in the queue."""
    due = -(row.act_by or _NEVER)
    return -SECTIONS.index(row.section), row.rank, due, row.summary.last_heard, row.position


def _key(place: Place, number: str, tip: str) -> Key:
    # Many tips have a band in common, and keep it in memory once.
    section, rank, due, heard, position = place.first
    return Key(section, rank, due, intern(heard), position, number, tip, intern(place.received))


def _band(key: Key) -> tuple[int, int, int, str]:
    return key[:4]


def _facets(row: Row, desk: str) -> Iterator[Facet]:
    header, work = row.summary.header, row.summary.work
    values: Mapping[str, str] = {
        "section": row.section,
        "status": row.summary.status,
        "category": header.category,
        "priority": header.priority,
        "district": header.district,
        "station": header.station,
        "officer": row.officer,
        "merged_into": work.merged_into,
        "outcome": work.outcome,
        "asks": work.awaits_closing_from(),
        "disputes": str(work.disputes or ""),
        "disputed_by": work.finished_by if work.disputes else "",
        "reports": str("" if work.finished else sum(one.is_open for one in work.directions.values()) or ""),
    }
    # A set of nearly all tips would take much memory; how many have no place is counted.
    yield from ((name, value) for name, value in values.items() if value or name in {"district", "station"})
    yield from (("mark", mark) for mark in MARKS if mark not in {"new", "mine"} and row.has(mark))
    if row.officer and not row.summary.finished:
        yield "mine", row.officer
    if row.soon:
        yield "soon", ""
    if work.must_tell_dispute:
        yield "untold", ""
    yield from (("recused", officer) for officer in work.recused.get(desk, ()))
