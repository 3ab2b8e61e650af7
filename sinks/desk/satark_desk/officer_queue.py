"""The queue of one officer: the desk's queue, with marks on tips that the officer has not read."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from satark.casework import FloodGroup, NoSuchTip, OpenTip, Services, flood_groups
from satark_desk.queue_index import QueueIndex, QueueWatcher
from satark_desk.queue_rows import FIELDS, PRESSING, SECTIONS, WORK, Filter, Row, Section
from satark_desk.read_state import mark_read, read_states

_TOP: Final = 500
"""Tips at the top of the queue that are compared before it is first shown, so that it shows a flood as one row. This
takes less than a second, a tenth of it if the desk was opened before."""


class Neighbours(msgspec.Struct, frozen=True):
    """Numbers of the previous tip, the next tip and the next unread tip in the queue; empty: there is none."""

    before: str = ""
    after: str = ""
    unread: str = ""


class OfficerQueue(QueueWatcher):
    """The desk's queue as one officer sees it. Call `refresh` once for each page."""

    def __init__(self, services: Services, index: QueueIndex, officer: str) -> None:
        self._services = services
        self.index = index
        self._officer = officer
        self._unseen: set[str] = set()
        self._updated: set[str] = set()
        self.floods: list[FloodGroup] = []
        """Groups of tips. An unfiltered queue shows each group as one row."""
        self._grouped: frozenset[str] = frozenset()
        self._writers: dict[str, tuple[int, Sequence[str]]] = {}
        """Tip → how often it was told anew who else writes on it, and who does."""
        with index.cache.lock:
            self.follow(list(index.cache.tips))
            index.watch(self)

    def refresh(self) -> None:
        """Apply the changes in the store to the queue."""
        self.index.refresh()
        with self.index.cache.lock:
            if self.index.cache.is_comparing:
                self.index.cache.compare(islice(self._ordered(Filter(), None), _TOP))
        self.floods = flood_groups(self.index.cache, lambda work: not work.is_recused(self.index.desk, self._officer))
        grouped = frozenset(one.id for flood in self.floods for one in flood.tips)
        if grouped != self._grouped:  # tips are compared after they were first listed
            self._grouped = grouped
            self.index.versions[""] += 1

    def floods_by_section(self) -> dict[Section, list[FloodGroup]]:
        """Return the floods, each in the most pressing section that one of its tips is in."""
        found: dict[Section, list[FloodGroup]] = {}
        for flood in self.floods:
            tips = {one.id for one in flood.tips}
            for section in SECTIONS:  # none has tips that were erased meanwhile
                if tips & self.index.having(("section", section)):
                    found.setdefault(section, []).append(flood)
                    break
        return found

    @property
    def _kept_from(self) -> AbstractSet[str]:
        """The tips from which the officer is recused. The queue neither shows nor counts them."""
        return self.index.having(("recused", self._officer))

    def follow(self, tips: Collection[str]) -> None:
        """Look up which versions of these tips the officer has seen."""
        self._unseen.difference_update(tips)
        self._updated.difference_update(tips)
        cache, kept = self.index.cache, self._kept_from
        mine = {tip: cache.tips[tip] for tip in tips if tip in cache.tips and tip not in kept}
        states = self._services.read(lambda c: read_states(c, self.index.desk, self._officer, mine, cache))
        self._unseen.update(mine.keys() - states.keys())
        self._updated |= {
            tip
            for tip, seen in states.items()
            if mine[tip].revision > seen.revision or mine[tip].newest > seen.last_message
        }

    def note_seen(self, tip: OpenTip) -> None:
        """Record that the officer has seen a tip in its present state."""
        desk, officer = self.index.desk, self._officer
        self._services.write_now(lambda unit: mark_read(unit, desk, officer, tip))
        with self.index.cache.lock:
            self.follow([tip.id])

    def has_read(self, number: str) -> bool:
        """Return whether the officer has seen all of a tip, given by its number."""
        with self.index.cache.lock:
            try:
                tip = self.index.cache.id_of(number)
            except NoSuchTip:
                return False
            return tip not in self._unseen | self._updated

    def news(self, number: str, writers: Sequence[str] = ()) -> dict[str, int]:
        """Return the present version of a tip with those who write on it, or of the queue, and how much presses.

        A page asks before it reads what it shows, so that it is told of whatever comes meanwhile. An unread tip counts
        once more while it is urgent and nobody has acted: one of high priority may become so.
        """
        with self.index.cache.lock:
            self.index.refresh()
            tip = self.index.cache.id_of(number) if number else ""
            changes, before = self._writers.get(tip, (0, ()))
            if writers != before:
                changes += 1
                self._writers[tip] = changes, writers
            version = 0 if tip in self._kept_from else self.index.versions[tip] + changes
            unread = (self._unseen | self._updated) & self.index.having(("mark", "urgent"))
            pressing = self.pressing + sum(self.index.place(one).rank == PRESSING for one in unread - self._kept_from)
            return {"version": version, "pressing": pressing}

    def to_share(self) -> set[str]:
        """Return, each once, the open tips of more than normal priority, if destinations read only such tips."""
        index = self.index
        rules = (one for one in self._services.destination_rules if one.desk == index.desk and one.recipient)
        if all(one.priority == "normal" for one in rules):
            return set()
        with index.cache.lock:
            named = ((name, index.having(("priority", name), ("mark", "open"))) for name in ("high", "urgent"))
            due = {(tip, name) for name, tips in named for tip in tips - self._kept_from} - index.shared
            index.shared |= due
        return {tip for tip, _ in due}

    @property
    def untold_disputes(self) -> AbstractSet[str]:
        """The disputed tips that desks with only a release must still be told of."""
        return self.index.having(("untold", "")) - self._kept_from

    @property
    def pressing(self) -> int:
        """The number of urgent tips that are unread or overdue, plus the number of reports that are due soon."""
        urgent, having = ("mark", "urgent"), self.index.having
        unread = {tip for tip in having(urgent) if tip in self._unseen or tip in self._updated}
        return len(unread.union(having(urgent, ("mark", "overdue")), having(("soon", ""))) - self._kept_from)

    def total(self, wanted: Filter, found: Mapping[str, str] | None) -> int:
        """Return the number of tips that match a filter and a search."""
        chosen = self._chosen(wanted, found, self._hidden(wanted, found))
        return len(self.index) if chosen is None else len(chosen)

    def page(
        self, wanted: Filter, found: Mapping[str, str] | None, start: int = 0, size: int | None = None
    ) -> list[Row]:
        """Return some rows of the queue.

        Args:
            wanted: the filter.
            found: the results of a text search, tip id → snippet; None without a search. start: number of rows to skip.
            size: most rows to return; None: all.
        """
        with self.index.cache.lock:
            tips = islice(self._ordered(wanted, found), start, None if size is None else start + size)
            return self._rows(list(tips), found or {})

    def every_row(self, wanted: Filter, found: Mapping[str, str] | None) -> list[Row]:
        """Return a row for each tip that matches a filter and a search. This includes the tips that the queue hides."""
        with self.index.cache.lock:
            chosen = self._chosen(wanted, found, self._kept_from)
            return self._rows(list(self.index.ordered(chosen, self._unseen | self._updated)), {})

    def _rows(self, tips: list[str], found: Mapping[str, str]) -> list[Row]:
        builder = self.index.builder(self._officer, tips, self._unseen, self._updated)
        read = ((self.index.cache.listed(tip), found.get(tip, "")) for tip in tips)  # both from one row of the index
        return [replace(builder.row(one.summary), gist=one.gist, snippet=snippet) for one, snippet in read]

    def first_unread(self, wanted: Filter, found: Mapping[str, str] | None) -> str:
        """Return the number of the first unread tip; empty if all are read."""
        with self.index.cache.lock:
            unread = self._unseen | self._updated
            chosen = self._chosen(wanted, found, self._hidden(wanted, found))
            return self._number(next(self.index.ordered(unread if chosen is None else unread & chosen, unread), ""))

    def neighbours(self, wanted: Filter, found: Mapping[str, str] | None, tip: str) -> Neighbours:
        """Find a tip's neighbours in the filtered queue. After the last unread tip, the first is the next."""
        before = after = first = unread = ""
        is_passed = False
        with self.index.cache.lock:
            due = (self._unseen | self._updated) - {tip}
            for one in self._ordered(wanted, found):
                if one == tip:
                    is_passed = True
                elif is_passed:
                    after, unread = after or one, one if one in due else ""
                else:
                    before, first = one, first or (one if one in due else "")
                if after and (unread or not due):
                    break
            return Neighbours(*(self._number(one) for one in (before if is_passed else "", after, unread or first)))

    def count_by_section(self) -> dict[Section, int]:
        """Count the tips in each section."""
        groups, kept = self.index.by_value("section"), self._kept_from
        return {name: sum(len(its) - len(its & kept) for its in groups.get(name, ())) for name in SECTIONS}

    def values(self, field: str) -> list[str]:
        """Return the values that a field has among the tips, sorted."""
        kept = self._kept_from
        found = self.index.by_value(field).items()
        return sorted(value for value, groups in found if value and not all(its <= kept for its in groups))

    @property
    def all_tips(self) -> AbstractSet[str] | None:
        """All tips but those from which the officer is recused; None: every tip of the desk."""
        return self.index.tips - self._kept_from if self._kept_from else None

    def in_bands(self, is_wanted: Callable[[str], bool]) -> set[str]:
        """Return the tips from the wanted time bands, without those from which the officer is recused."""
        return self.index.in_bands(is_wanted) - self._kept_from

    def merged_into(self, number: str) -> list[str]:
        """Return the numbers of the tips that are merged into another."""
        return [self._number(tip) for tip in self.index.having(("merged_into", number)) - self._kept_from]

    def _chosen(
        self, wanted: Filter, found: Mapping[str, str] | None, hidden: AbstractSet[str]
    ) -> AbstractSet[str] | None:
        facets = [(field, value) for field in FIELDS if (value := getattr(wanted, field))]
        if wanted.mark and wanted.mark != "new":
            facets.append(("mine", self._officer) if wanted.mark == "mine" else ("mark", wanted.mark))
        sets: list[AbstractSet[str]] = [self.index.having(*facets)] if facets else []
        sets += [self._unseen | self._updated] if wanted.mark == "new" else []
        sets += [set(found)] if found is not None else []
        if hidden and not sets:
            return self.index.tips - hidden
        if len(sets) < 2 and not hidden:  # noqa: PLR2004 - one set needs no copy
            return sets[0] if sets else None
        smallest, *others = sorted(sets, key=len)
        return {tip for tip in smallest if all(tip in other for other in others) and tip not in hidden}

    def _hidden(self, wanted: Filter, found: Mapping[str, str] | None) -> AbstractSet[str]:
        """Return the tips that are not listed: recused, finished (unless asked for), and those in a flood's row."""
        kept = self._kept_from
        if wanted.status or wanted.section or found is not None:
            return kept
        finished = set(kept).union(*(self.index.having(("section", name)) for name in SECTIONS if name not in WORK))
        return finished if wanted.query else finished | self._grouped

    def _ordered(self, wanted: Filter, found: Mapping[str, str] | None) -> Iterator[str]:
        return self.index.ordered(
            self._chosen(wanted, found, self._hidden(wanted, found)), self._unseen | self._updated
        )

    def _number(self, tip: str) -> str:
        return self.index.cache.tips[tip].number if tip else ""
