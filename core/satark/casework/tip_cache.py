"""The listed values of a desk's tips, for all its officers: read from the sealed index and updated from the rows."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Final

import msgspec

from satark.casework.cached_tip import CachedTip, ListedTip
from satark.casework.errors import NoSuchTip
from satark.casework.related.clues import Clues
from satark.casework.related.floods import FloodIndex
from satark.casework.related.index import RelatedIndex
from satark.casework.sealed_index import Entry, SealedIndex, pack, unpack, unpack_clues
from satark.casework.search import SearchText
from satark.casework.search_index import SearchIndex, SearchTexts
from satark.casework.tip_reader import TipReader, days_of, rows_of
from satark.remote import office_outbox
from satark.services import Services
from satark.store import envelopes, tip_changes
from satark.store.threads import BATCH, batches

_FEW: Final = 10
"""Tips that are compared at a time, some milliseconds each: by pages too, if no more are left to `open_all`."""
_SOME: Final = 100
"""Tips that are prepared for the search at a time, in some milliseconds, with their envelopes in memory."""
_AT_ONCE: Final = 50
"""Tips that `open_all` reads at a time, in less than a tenth of a second, once it has read the first ones."""
_WORTH_SAVING: Final = 200
"""Fewest changed tips for which the sealed index is written. Reading fewer tips again takes a fifth of a second."""
_LEAST_PAUSE: Final = 600.0
_PAUSE: Final = 100
"""Pause between two comparisons of all rows with the listed values, as a multiple of a comparison's time. Whoever
writes to the databases can delete the row that names a changed tip."""
_PAUSES: Final = 4
"""Pause of `open_all` as a multiple of the comparison before it, so that officers' pages get the processor."""


class Progress(msgspec.Struct, frozen=True):
    """Progress of a desk's first opening: the number of tips read, and the number to read."""

    done: int = 0
    total: int = 0

    @property
    def percent(self) -> int:
        """The share of the tips that were read, rounded down."""
        return 100 * self.done // (self.total or 1)


class TipCache:
    """The tips of one desk, for all its officers in this process. `refresh` reads what changed in the store.

    Lists come from the desk's sealed index and are updated from the rows; `read` opens a tip itself. Hold `lock` while
    you use more than one of its tips.
    """

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        self.tips: dict[str, Entry] = {}
        self.lock = threading.RLock()
        self.opened = threading.Event()
        """Set once `open_all` has read the tips that changed last, or failed."""
        self._services = services
        self._desk = desk
        self._identity = identity
        self.reader = TipReader(services, desk, identity)
        self._roster: tuple[str, ...] = ()
        """Heads of the rosters with which the tips were read."""
        self._read_all_at = 0.0
        """When all rows are compared again with the listed values, on the monotonic clock."""
        self._mark: int | None = None
        """Position of the last change that was read; None until all tips were read."""
        self._unread: dict[str, None] = {}
        """Tips that no index listed and that are still to be read, those first that changed last."""
        self._to_read = 0
        """Number of tips that the first opening has to read."""
        self.unsaved: set[str] = set()
        """Tips whose entries in the sealed index are out of date."""
        self._unsearched: deque[str] = deque()
        """Tips whose texts are not yet in `texts`."""
        self.texts = SearchIndex(self._text_of)
        """The texts for the search; call `open_texts` first."""
        self._search_texts = SearchTexts(services.questionnaire, services.geography)
        self.related = RelatedIndex(self._clues)
        """The index of related tips; call `open_documents` first."""
        self.floods = FloodIndex(self._clues)
        """The groups of tips that say nearly the same; call `open_documents` first."""
        self._numbers: dict[str, str] = {}
        self._stopped = threading.Event()
        self._uncompared: dict[str, None] = {}
        """Tips that are not yet compared with the others, in order."""
        self._opening = False
        """Whether `open_all` is at work."""
        self._watchers: list[Callable[[Collection[str]], None]] = []
        self._just_read: Mapping[str, ListedTip] = {}
        """What the watchers are being told of."""

    @cached_property
    def _index(self) -> SealedIndex:
        return SealedIndex(self._services, self._desk, self._identity)

    @property
    def unreadable(self) -> int:
        """Number of envelopes that did not open: damaged or forged."""
        return len(self.reader.unreadable)

    @property
    def progress(self) -> Progress | None:
        """How far `open_all` is with reading the tips; None: all are read."""
        left = len(self._unread)
        return Progress(self._to_read - left, self._to_read) if left or not self.opened.is_set() else None

    def watch(self, watcher: Callable[[Collection[str]], None]) -> None:
        """Call `watcher` with the listed tips, and from then on with tips that changed or were removed."""
        with self.lock:
            watcher(list(self.tips))
            self._watchers.append(watcher)

    def keep_note(self, tip: str, note: bytes, shared_note: bytes) -> None:
        """Store a watcher's note with a tip, in the sealed index too. `shared_note`: the part that many tips share."""
        self.tips[tip].note, self.tips[tip].shared_note = note, shared_note
        self.unsaved.add(tip)

    def listed(self, tip: str) -> ListedTip:
        """Return a tip's listed values, from its row in the sealed index; if that row is gone, from the tip's rows.

        Raises:
            NoSuchTip: the tip no longer opens.
        """
        return self._just_read.get(tip) or self._unpacked(tip)[1]

    def _unpacked(self, tip: str) -> tuple[bytes, ListedTip]:
        entry = self.tips[tip]
        if packed := self._index.with_rest(tip, entry).packed:
            return unpack(packed)
        if (one := self.reader.read([tip]).get(tip)) is None:
            raise NoSuchTip
        return one.digest, one.listed(self._search_texts)

    def id_of(self, number: str) -> str:
        """Find a tip by its number or its id; return its id. If it is not read yet, this reads on until it is found.

        Raises:
            NoSuchTip: the desk has no tip of this number.
        """
        while (tip := self.known_id(number)) not in self.tips:
            if not self._unread:
                raise NoSuchTip
            self._read_some(_AT_ONCE)
        return tip

    def known_id(self, number: str) -> str:
        """Return the id of a tip that was read, by its number or its id; for any other text, another text."""
        wanted = number.strip()
        return self._numbers.get(wanted.upper(), wanted.lower())

    def find(self, number: str) -> tuple[str, CachedTip]:
        """Find a tip by its number or its id; return its id and the values of its rows.

        Raises:
            NoSuchTip: the desk has no tip of this number, or the tip no longer opens.
        """
        tip = self.id_of(number)
        held = self.reader.held.get(tip)
        if held is None or held.rows != self._services.read(lambda c: rows_of(c, [tip])).get(tip):
            self.reader.held.pop(tip, None)  # whoever writes to the databases can delete the row that names this change
            self._load([tip], is_change=False)
        if tip not in self.reader.held:
            raise NoSuchTip
        return tip, self.reader.held[tip]

    def open_all(self) -> None:
        """List the tips of the sealed index, and read the others: those first that changed last. Then compare them all.

        Officers may work once the first are read. Until all tips are compared, some are not yet known to be related.
        """
        self._opening, began = True, time.monotonic()
        try:
            self.refresh(whole=False)
            self.opened.set()
            self._stopped.wait(time.monotonic() - began)  # the first page needs the lock
            self._go_on()
        finally:
            self._opening = False
            self.opened.set()
        if self._stopped.is_set():
            self._clear()

    def _go_on(self) -> None:
        more = not self._stopped.is_set()
        while more:
            began, is_reading = time.monotonic(), bool(self._unread)
            with self.lock:
                more = self._read_some(_AT_ONCE) or self._prepare() or self.compare(islice(self._uncompared, 1))
                self._save(every=not more)
            self._stopped.wait((1 if is_reading else _PAUSES) * (time.monotonic() - began))

    def stop(self) -> None:
        """Stop an opening that is under way, and drop everything that was opened."""
        self._stopped.set()
        self._watchers.clear()
        self._clear()

    def _clear(self) -> None:
        self.tips, self._numbers, self._unread = {}, {}, {}
        self.texts = SearchIndex(self._text_of)
        self.reader.held.clear()
        self.related, self.floods = RelatedIndex(self._clues), FloodIndex(self._clues)

    def refresh(self, *, whole: bool = True) -> None:
        """Read the store: at first the sealed index and later changes, from then on only changes.

        `whole`: whether this also reads the tips that `open_all` has not read yet. Those that changed last come first.
        """
        with self.lock:
            signers = self.reader.signers = self._services.signers()
            is_changed, self._roster = signers.head != self._roster, signers.head
            # Whoever was not known to the roster when their message was read may be now.
            again = [tip for tip, one in self.tips.items() if one.is_unsigned] if is_changed else []
            if self._mark is None or time.monotonic() >= self._read_all_at:
                self._read_all()
            else:
                self._read_changes(self._mark)
            for tip in again:
                self.reader.held.pop(tip, None)
            for some in batches(again):
                self._load(some)
            while self._unread and (whole or not self._opening):
                self._read_some(BATCH)
            self._save()

    def _read_all(self) -> None:
        # The mark is read first: a tip that changes meanwhile is read again, and none is missed.
        began, mark, is_first = time.monotonic(), self._services.read(tip_changes.mark), self._mark is None
        covers = self._services.read_keys(lambda c: envelopes.tips_of(c, self._desk))
        rows = self._services.read(rows_of)
        self._forget([one for one in (*self.tips, *self.reader.unreadable) if one not in covers or one not in rows])
        if is_first:
            self._restore(covers, rows)
            if left := covers.keys() - self.tips.keys():
                days = self._services.read(days_of)
                self._unread = dict.fromkeys(sorted(left, key=lambda tip: days.get(tip, 0), reverse=True))
                self._to_read = len(left)
                self._read_some(BATCH)
        else:
            listed, other = self.tips.get, (b"", b"")
            found = ((tip, (cover, rows.get(tip)), listed(tip)) for tip, cover in covers.items())
            due = (tip for tip, stored, one in found if stored != ((one.cover, one.rows) if one else other))
            for some in batches(tip for tip in due if tip not in self._unread):
                self._load(some)
        self._read_all_at = time.monotonic() + max(_LEAST_PAUSE, _PAUSE * (time.monotonic() - began))
        self._mark = mark

    def _read_some(self, most: int) -> bool:
        """Read some of the tips that no index listed; return whether more are left."""
        with self.lock:
            if some := list(islice(self._unread, most)):
                self._load([tip for tip in some if tip not in self.tips])
            for tip in some:
                self._unread.pop(tip, None)
                if self.opened.is_set() and tip in self.tips and (held := self.reader.held.get(tip)):
                    self.tips[tip].packed_clues = pack(held.clues())  # while its document is open
            self._save(every=bool(some) and not self._unread)
            return bool(self._unread)

    def _restore(self, covers: Mapping[str, bytes], rows: Mapping[str, bytes]) -> None:
        """List the tips of the sealed index, except those whose rows changed since."""
        roster, entries = self._index.load(covers)
        pending = self._services.read(office_outbox.tips_with_pending_answers)
        is_changed, outdated = roster != self._roster, list[str]()
        for tip, entry in entries.items():
            stored = rows.get(tip)
            if stored != entry.rows or tip in pending or (is_changed and entry.is_unsigned):
                outdated.append(tip)
            else:
                entry.rows = stored  # many tips have the same
        for tip in outdated:
            del entries[tip]
        self._list(entries)
        self._tell(self.tips.keys())

    def _save(self, *, every: bool = False) -> None:
        """Bring the sealed index up to date if much has changed. `every`: if anything has."""
        is_due = len(self.unsaved) >= (1 if every else _WORTH_SAVING) or self._index.is_due
        # After a stop there may be none left, which must not be stored.
        if is_due and not self._stopped.is_set():
            with contextlib.suppress(Exception):  # if it can't be stored, the next opening takes longer, and no more
                self._index.save(self._roster, self.tips, self.unsaved)
                self.unsaved.clear()

    def _read_changes(self, mark: int) -> None:
        changes = self._services.read(lambda c: tip_changes.since(c, mark))
        if changes.everything:
            self._read_all()
            return
        if changes.erased:
            known = self.tips.keys() | self.reader.unreadable
            self._forget(known - self._services.read(rows_of).keys())
        for some in batches(changes.tips):
            self._load(some)
        self._mark = changes.mark

    def _load(self, tips: Collection[str], *, is_change: bool = True) -> None:
        """Read these tips again, list them, and tell the watchers. `is_change` False: only of tips that look new."""
        found = self.reader.read(tips)
        for tip in set(tips) - found.keys():
            self._unlist(tip)
        read = {tip: one.listed(self._search_texts) for tip, one in found.items()}
        # A desk that has a release alone is told only of what it reads: the rest would tell when the tipster writes.
        of_releases = {tip for tip, one in found.items() if one.envelope.tip_recipient and tip in self.tips}
        same = {tip for tip, one in read.items() if (not is_change or tip in of_releases) and self.listed(tip) == one}
        new = {tip: Entry.of(one, read[tip]) for tip, one in found.items() if tip not in same}
        self.tips.update({tip: Entry.of(found[tip], read[tip]) for tip in of_releases & same})
        self._list(new)
        self.unsaved.update(new)
        self._just_read = read
        self._tell(set(tips) - same)
        self._just_read = {}

    def _list(self, entries: Mapping[str, Entry]) -> None:
        self.tips.update(entries)
        self._numbers.update({entry.number: tip for tip, entry in entries.items()})
        self._unsearched.extend(entries)
        self._uncompared.update(dict.fromkeys(entries))

    def _forget(self, tips: Collection[str]) -> None:
        for tip in tips:
            self.reader.unreadable.discard(tip)
            self._unlist(tip)
        self._tell(tips)

    def _unlist(self, tip: str) -> None:
        self.reader.held.pop(tip, None)
        self.texts.remove(tip)
        self.related.drop(tip)
        self.floods.drop(tip)
        if gone := self.tips.pop(tip, None):
            self._numbers.pop(gone.number, None)
            self._index.left_over.add(tip)

    def _tell(self, tips: Collection[str]) -> None:
        for watcher in self._watchers if tips else ():
            watcher(tips)

    def open_documents(self) -> None:
        """Compare the tips that were read since the last time with the others, unless `open_all` is about to."""
        if not self.is_comparing:
            self.compare(self._uncompared)

    @property
    def is_comparing(self) -> bool:
        """Whether `open_all` still has to compare tips."""
        return self._opening and len(self._uncompared) > _FEW

    def open_texts(self) -> None:
        """Prepare the search for the tips that were read since the last time."""
        while self._prepare():
            pass

    def _prepare(self) -> bool:
        """Prepare the search for some tips; return whether more are left."""
        with self.lock:
            some = [self._unsearched.popleft() for _ in range(min(_SOME, len(self._unsearched)))]
            self._load(self._damaged(some))
            for tip in some:
                if tip in self.tips:
                    self.texts.put(tip, self._text_of(tip))
            return bool(self._unsearched) and not self._stopped.is_set()

    def _text_of(self, tip: str) -> SearchText:
        if tip not in self.tips:  # it was erased after a search found it
            return SearchText.of(())
        listed = self.listed(tip)
        return listed.search + self._search_texts.names(listed.summary.header)

    def _damaged(self, some: Collection[str]) -> list[str]:
        """Return which of these tips have an envelope that was altered in a part that `cover` does not include."""
        sealed = self._services.read_keys(lambda c: envelopes.of_tips(c, self._desk, some))
        return [one for one in sealed if one in self.tips and envelopes.digest(sealed[one]) != self._unpacked(one)[0]]

    def compare(self, tips: Iterable[str]) -> bool:
        """Compare those of some tips that are not yet compared with the others; return whether any are left."""
        with self.lock:
            for tip in [one for one in tips if one in self._uncompared]:
                del self._uncompared[tip]
                if tip in self.tips:
                    clues = self._clues(tip)
                    self.related.put(tip, clues)
                    self.floods.put(tip, clues)
            return bool(self._uncompared) and not self._stopped.is_set()

    def _clues(self, tip: str) -> Clues:
        """Return a tip's clues. Computing them takes longer than opening the tip."""
        packed = self._index.with_rest(tip, self.tips[tip]).packed_clues
        if not packed:
            if tip not in self.reader.held:  # with others, since a reading takes some queries
                due = (one for one in self._uncompared if one in self.tips and not self.tips[one].packed_clues)
                self.reader.read([tip, *islice(due, _FEW)])
            one = self.reader.held.get(tip)
            packed = self.tips[tip].packed_clues = pack(one.clues() if one else Clues())
            self.unsaved.add(tip)
        return unpack_clues(packed)
