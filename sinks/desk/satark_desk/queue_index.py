"""Index of a desk's queue: its order, and which tips have which mark or value. All officers of the desk share it.

The index is updated tip by tip, so that a page processes only the tips that it shows and the tips that changed.
"""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import groupby
from typing import Final, Protocol, TypeAlias
from weakref import WeakSet

import msgspec
from msgspec.inspect import type_info

from satark.casework import COUNTS, Clocks, Offices, Services, TipCache, band, band_end
from satark_desk.queue_rows import MARKS, SECTIONS, Row, RowBuilder
from satark_desk.read_state import queue_entries
from satark_desk.step_hours import PaceStep, waits_of

Facet: TypeAlias = tuple[str, str]
"""A field of `Filter` or another property, and its value."""
_MANY: Final = 500
"""Number of changed tips above which the whole order is sorted again instead of moving each tip."""
_HASH: Final = 16
"""Size in bytes of the hash of the rules that a tip's place in the queue was computed with."""
_NEVER: Final = 2**40
"""A time (Unix seconds) after all times at which anything is due."""


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that a queue's order and marks depend on, besides the tips."""

    clocks: Clocks
    overdue_days: int
    utc_offset_hours: float
    age: Callable[[str, float], int]
    """Gives the days from a time band to a moment, by the officers' calendar."""
    days_after: Callable[[str, int], float]
    """Gives the moment a number of days after a time band; 0 if the band is empty."""


class Place(msgspec.Struct, array_like=True, order=True, gc=False):
    """A tip's place in the queue, until the tip changes or time moves it. The greatest place comes first."""

    section: int
    rank: int
    due: int
    heard: int
    """End of the time band in which the desk last heard from the tipster, Unix seconds; 0: not known."""
    position: int
    received: int
    """End of the time band in which the tip came."""
    arrived: int
    """As in its envelope."""
    waits: tuple[tuple[PaceStep, float], ...]
    """Hours that the tip's steps took."""
    wake: float
    """When the tip's marks next change by the passing of time alone, Unix seconds; 0: never."""
    group: bytes = b""
    """The rules that the place was computed with, and its facets: many tips share these, and no note has them."""

    @property
    def came(self) -> int:
        """When the tip came, as far as it is known, Unix seconds."""
        return self.arrived or self.received

    @property
    def beside(self) -> tuple[int, int, int, int]:
        """The part of the place that neighbouring tips have in common; among these, unread ones come first."""
        return self.section, self.rank, self.due, self.heard


class QueueIndex:
    """The queue of one desk, the same for all its officers. An `OfficerQueue` knows what its officer has read."""

    def __init__(self, services: Services, cache: TipCache, desk: str, rules: QueueRules) -> None:
        self.cache = cache
        self.desk = desk
        self.rules = rules
        self._services = services
        self._order: list[str] = []
        self._places: dict[str, Place] = {}
        self._bands: defaultdict[int, set[str]] = defaultdict(set)
        """`Place.received` → the tips of that band."""
        self._groups: dict[bytes, set[str]] = {}
        """The tips of each group that has any."""
        self._having: defaultdict[Facet, set[bytes]] = defaultdict(set)
        """Facet → the groups that have it."""
        self._wakes: list[tuple[float, str]] = []
        """Heap of the times at which marks change by the passing of time alone, each with its tip."""
        self.shared = set[tuple[str, str]]()
        """Tips that the desk's destinations were given if they read tips of this priority, with the priority."""
        self._watchers: WeakSet[QueueWatcher] = WeakSet()
        version = int(time.time() * 1000)
        self.versions = defaultdict[str, int](lambda: version, {"": version})
        """Tip → a number that is new whenever the tip changes; empty text → one for changes of any tip."""
        offices = Offices.of(services.desks(), services.geography)
        rules_of = rules.clocks, rules.overdue_days, rules.utc_offset_hours, offices, repr(type_info(Place))
        self._rules_hash = blake2b(msgspec.json.encode(rules_of), digest_size=_HASH).digest()
        cache.watch(self._update)

    def watch(self, watcher: QueueWatcher) -> None:
        """Report the tips that change from now on to `watcher`, as long as the watcher is used."""
        self._watchers.add(watcher)

    def refresh(self) -> None:
        """Apply changes in the store, and update the marks that change with time."""
        with self.cache.lock:
            self.cache.refresh(whole=False)
            now, due = time.time(), set[str]()
            while self._wakes and self._wakes[0][0] <= now:
                due.add(heappop(self._wakes)[1])
            if due:
                self._update(due)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def tips(self) -> AbstractSet[str]:
        """The ids of all tips."""
        return self._places.keys()

    def having(self, *facets: Facet) -> AbstractSet[str]:
        """Return the tips that have all these values."""
        having = set[bytes].intersection(*(self._having.get(one, set()) for one in facets))
        groups = [self._groups[group] for group in having]
        return groups[0] if len(groups) == 1 else set[str]().union(*groups)

    def by_value(self, name: str) -> dict[str, list[set[str]]]:
        """Return the groups of tips with each value of a field."""
        found = ((value, groups) for (field, value), groups in self._having.items() if field == name and groups)
        return {value: [self._groups[group] for group in groups] for value, groups in found}

    def in_bands(self, is_wanted: Callable[[str], bool]) -> set[str]:
        """Return the tips from the wanted time bands."""
        return set[str]().union(*(its for end, its in self._bands.items() if is_wanted(_band(end))))

    def count_by_band(self, among: AbstractSet[str] | None, *facets: Facet) -> dict[str, int]:
        """Count the tips that came in each time band, among some tips (None: all), of those with these values."""
        if facets:
            among = self.having(*facets) if among is None else self.having(*facets) & among
        counted = ((_band(end), len(its if among is None else its & among)) for end, its in self._bands.items())
        return {band: number for band, number in counted if number}

    def count(self, among: AbstractSet[str] | None, *facets: Facet) -> Mapping[str, Counter[str]]:
        """Count the tips with each value of each field, as `count_by_band` does."""
        found = defaultdict[str, Counter[str]](Counter)
        groups = set(self._groups).intersection(*(self._having.get(one, set()) for one in facets))
        for group in groups:
            tips = self._groups[group]
            number = len(tips if among is None else tips & among)
            for field, value in _decode(group[_HASH:]) if number else ():
                found[field][value] += number
        return found

    def place(self, tip: str) -> Place:
        """Return a tip's place in the queue."""
        return self._places[tip]

    def ordered(self, chosen: AbstractSet[str] | None, unread: AbstractSet[str]) -> Iterator[str]:
        """Yield the chosen tips, or all tips, in one officer's order.

        No time within a band is stored. If tips are in one section, due at the same time and were last heard of in the
        same band, unread tips come first, then the last arrivals.
        """
        for _, group in groupby(reversed(self._order), key=lambda tip: self._places[tip].beside):
            later = []
            for tip in group:
                if chosen is None or tip in chosen:
                    if tip in unread:
                        yield tip
                    else:
                        later.append(tip)
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
        known = self._known(tips)
        builder = self.builder("", [tip for tip in tips if tip not in known], frozenset(), frozenset())
        added = defaultdict[bytes, list[str]](list)
        many = len(tips) > _MANY
        for tip in tips:
            entry = self.cache.tips.get(tip)
            if tip in self._places:
                self.versions[tip] = self.versions[""] + 1
                self._remove(tip, from_order=not many)
            elif not entry:  # of others' tips a desk learns nothing
                continue
            self.versions[""] += 1
            if entry:
                place = self._places[tip] = known.get(tip) or self._place(tip, builder)
                added[place.group].append(tip)
                self._bands[place.received].add(tip)
                if place.wake:
                    heappush(self._wakes, (place.wake, tip))
                if not many:
                    insort(self._order, tip, key=self._places.__getitem__)
        for group, its in added.items():
            self._add(group, its)
        if many:
            self._order = sorted(self._places, key=self._places.__getitem__)
        for watcher in self._watchers:
            watcher.follow(tips)

    def _add(self, group: bytes, tips: Collection[str]) -> None:
        if group not in self._groups:
            self._groups[group] = set()
            for facet in _decode(group[_HASH:]):
                self._having[facet].add(group)
        self._groups[group].update(tips)

    def _known(self, tips: Collection[str]) -> dict[str, Place]:
        """Return the noted places of tips that these rules produced and that time has not changed since."""
        now, cached, known = time.time(), self.cache.tips, dict[str, Place]()
        for tip in tips:
            entry = cached.get(tip)
            if entry and entry.shared_note.startswith(self._rules_hash):
                place = _decode_place(entry.note)
                if not 0 < place.wake <= now:
                    place.group = entry.shared_note
                    known[tip] = place
        return known

    def _place(self, tip: str, builder: RowBuilder) -> Place:
        listed = self.cache.listed(tip)
        row, arrived, received = (
            builder.row(listed.summary),
            listed.envelope.arrived,
            _end(listed.summary.header.received),
        )
        waits = waits_of(arrived or received, listed.thread)
        place = Place(*first_of_place(row), received, arrived, waits, self._next_change(row))
        group = self._rules_hash + _encode(tuple(_facets(row, self.desk)))
        self.cache.keep_note(tip, _encode(place), group)
        place.group = group
        return place

    def _remove(self, tip: str, *, from_order: bool) -> None:
        if from_order:
            del self._order[
                self._order.index(tip, bisect_left(self._order, self._places[tip], key=self._places.__getitem__))
            ]
        place = self._places.pop(tip)
        self._bands[place.received].discard(tip)
        group = place.group
        self._groups[group].discard(tip)
        if not self._groups[group]:
            del self._groups[group]
            for facet in _decode(group[_HASH:]):
                self._having[facet].discard(group)

    def _next_change(self, row: Row) -> float:
        """Return when a tip's marks next change through time alone; 0: never."""
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
_decode_place = msgspec.msgpack.Decoder(Place).decode
_decode = msgspec.msgpack.Decoder(tuple[Facet, ...]).decode


class QueueWatcher(Protocol):
    """Follows the changes of a queue."""

    def follow(self, tips: Collection[str]) -> None:
        """Handle tips that changed, were added or were removed."""


@cache
def _end(received: str) -> int:
    return int(band_end(received))


@cache
def _band(end: int) -> str:
    return band(end - 1) if end else ""


def first_of_place(row: Row) -> tuple[int, int, int, int, int]:
    """Return the first values of a row's place in the queue."""
    due = -(row.act_by or _NEVER)
    return -SECTIONS.index(row.section), row.rank, due, _end(row.summary.last_heard), row.position


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
        **{name: str(work.counts.get(name) or "") for name in COUNTS},
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
