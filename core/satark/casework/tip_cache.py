"""Cache of a desk's opened tips: each envelope, message and document is opened once per session."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from itertools import islice
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from satark.api.sealing import CantOpen, open_envelope, recipient_of
from satark.api.tip import Envelope
from satark.casework.act_names import ActRefused
from satark.casework.cached_tip import CachedTip
from satark.casework.errors import NoSuchTip
from satark.casework.opened_tip import Gist, OpenTip
from satark.casework.related.clues import picture_of
from satark.casework.related.floods import FloodIndex
from satark.casework.related.index import RelatedIndex
from satark.casework.search_index import SearchIndex, SearchTexts
from satark.evidence.records import open_records
from satark.remote import office_outbox
from satark.remote.messages import OfficeAnswer
from satark.roster.state import RosterState
from satark.routing.authors import Signers, ThreadReader
from satark.routing.tip_keys import TipKeyAltered, TipRoot, present_recipient
from satark.services import Services
from satark.store import envelopes, tables, tip_changes
from satark.store.threads import batches, new_messages
from satark.store.unit_of_work import UnitOfWork

_FEW: Final = 10
"""Most tips that `open_documents` compares (some milliseconds each) while `open_all` compares the others."""
_PAUSES: Final = 4
"""A pause is this many times as long as the comparison before it, so that officers' pages get the processor."""
_DIGEST: Final = 16
"""Bytes of the digest that shows whether an envelope was replaced."""


class Progress(msgspec.Struct, frozen=True):
    """How far the first opening of a desk's tips has come: each tip is read, and then its document is opened."""

    done: int = 0
    total: int = 0


class TipCache:
    """The opened tips of one desk, for all its officers in this process. `refresh` reads what changed in the store.

    Hold `lock` while you use more than one of its tips.
    """

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        self.tips: dict[str, CachedTip] = {}
        self.lock = threading.RLock()
        self.progress = Progress()
        self.opened = threading.Event()
        """Set once the first opening has ended, or failed."""
        self._services = services
        self._desk = desk
        self._identity = identity
        self._former: Sequence[str] = ()
        self._signers = Signers(RosterState())
        self._mark: int | None = None
        """Position of the last change that was read; None until all tips were read."""
        self._unreadable: set[str] = set()
        self._closed: set[str] = set()
        """Tips that changed since their documents were opened."""
        self.texts = SearchIndex()
        """What a search looks through; call `open_documents` first."""
        self._search_texts = SearchTexts(services.questionnaire, services.geography)
        self.related = RelatedIndex()
        """Which tips have something in common; call `open_documents` first."""
        self.floods = FloodIndex()
        """Which tips say nearly the same; call `open_documents` first."""
        self._numbers: dict[str, str] = {}
        self._stopped = threading.Event()
        self._uncompared: set[str] = set()
        """Tips whose texts were opened and that are not yet compared with the others."""
        self._comparing = False
        """Whether `open_all` is comparing them."""
        self._watchers: list[Callable[[Collection[str]], None]] = []

    @property
    def unreadable(self) -> int:
        """The number of envelopes that did not open: damaged or forged."""
        return len(self._unreadable)

    def watch(self, watcher: Callable[[Collection[str]], None]) -> None:
        """Call `watcher` with the tips that are opened, and from then on with those that changed or were removed."""
        with self.lock:
            watcher(list(self.tips))
            self._watchers.append(watcher)

    def find(self, number: str) -> tuple[str, CachedTip]:
        """Find a tip by its number or its id; return its id with what is cached of it.

        Raises:
            NoSuchTip: the desk has none of this number.
        """
        wanted = number.strip()
        tip = self._numbers.get(wanted.upper(), wanted.lower())
        if tip not in self.tips:
            raise NoSuchTip
        return tip, self.tips[tip]

    def open_all(self) -> None:
        """Open all tips, so that queue and search find them opened; then compare them, a few at a time.

        Officers may work meanwhile: until all tips are compared, some are not yet known to be related.
        """
        try:
            self._comparing = True
            self.refresh()
            self.open_texts()
        finally:
            self.opened.set()
        more = not self._stopped.is_set()
        while more:
            began = time.monotonic()
            more = self._compare(1)
            self._stopped.wait(_PAUSES * (time.monotonic() - began))
        self._comparing = False
        if self._stopped.is_set():
            self._clear()

    def stop(self) -> None:
        """Stop an opening that is under way, and forget all that was opened."""
        self._stopped.set()
        self._watchers.clear()
        self._clear()

    def _clear(self) -> None:
        self.tips, self._numbers, self.texts = {}, {}, SearchIndex()
        self.related, self.floods = RelatedIndex(), FloodIndex()

    def refresh(self) -> None:
        """Read the store: the first time all tips, later only those that changed."""
        with self.lock:
            signers = self._services.signers()
            is_changed, self._signers = signers.head != self._signers.head, signers
            # Whoever was not known to the roster when their message was read may be now.
            again = [tip for tip, one in self.tips.items() if one.unsigned] if is_changed else []
            if self._mark is None:
                self._read_all()
            else:
                self._read_changes(self._mark)
            for tip in again:
                self.tips.pop(tip, None)
            for some in batches(again):
                self._load(some)

    def _read_all(self) -> None:
        # The mark is read first: a tip that changes meanwhile is read again, and none is missed.
        mark = self._services.read(tip_changes.mark)
        tips = self._services.read_keys(lambda c: envelopes.tips_of(c, self._desk))
        self.progress = Progress(0, 2 * len(tips))
        self._forget((self.tips.keys() | self._unreadable) - set(tips))
        for some in batches(tips):
            if self._stopped.is_set():
                return
            self._load(some)
            self.progress = Progress(self.progress.done + len(some), 2 * len(tips))
        self._mark = mark

    def _read_changes(self, mark: int) -> None:
        changes = self._services.read(lambda c: tip_changes.since(c, mark))
        if changes.everything:
            self._read_all()
            return
        if changes.erased:
            known = self.tips.keys() | self._unreadable
            self._forget(known - self._services.read(lambda c: _existing(c, known)))
        for some in batches(changes.tips):
            self._load(some)
        self._mark = changes.mark

    def _load(self, tips: Collection[str]) -> None:
        """Read these tips again: their envelopes, and what is new in their threads."""
        rows = self._services.read_keys(lambda c: envelopes.of_tips(c, self._desk, tips))
        self._forget(set(tips) - rows.keys())
        self._former = self._services.read(lambda c: office_outbox.former_keys(c, self._desk, self._identity))
        existing = self._services.read(lambda c: _existing(c, rows))
        for tip, sealed in rows.items():
            self._take_envelope(tip, sealed, exists=tip in existing)
        self._read_messages(tips)
        self._closed |= rows.keys()
        self._tell(tips)

    def _forget(self, tips: Collection[str]) -> None:
        for tip in tips:
            self._unreadable.discard(tip)
            self.texts.remove(tip)
            self.related.drop(tip)
            self.floods.drop(tip)
            if gone := self.tips.pop(tip, None):
                self._numbers.pop(gone.envelope.header.number, None)
        self._tell(tips)

    def _tell(self, tips: Collection[str]) -> None:
        for watcher in self._watchers if tips else ():
            watcher(tips)

    def _take_envelope(self, tip: str, sealed: bytes, *, exists: bool) -> None:
        digest = hashlib.blake2b(sealed, digest_size=_DIGEST).digest()
        if tip in self.tips and self.tips[tip].digest == digest:
            return
        self.tips.pop(tip, None)
        self._unreadable.discard(tip)
        envelope = self._open(tip, sealed)
        if envelope is None:
            self._unreadable.add(tip)
        # A crash between the commits of the two databases leaves an envelope without a tip; the turn runs again.
        elif exists:
            self.tips[tip] = CachedTip(digest, envelope, self._signers)
            self._numbers[envelope.header.number] = tip

    def _open(self, tip: str, sealed: bytes) -> Envelope | None:
        own = (self._identity, *self._former)
        for identity in own:
            try:
                envelope = open_envelope(sealed, identity, tip=tip, desk=self._desk)
            except CantOpen:
                continue
            keys = (envelope.identity, *own) if envelope.tip_recipient else (envelope.identity,)
            return msgspec.structs.replace(envelope, identity="\n".join(keys))
        return None

    def _read_messages(self, tips: Collection[str]) -> None:
        known = {tip: self.tips[tip].last for tip in tips if tip in self.tips}
        # In one snapshot: an answer that the host confirms meanwhile is in exactly one of the two.
        new, pending = self._services.read(lambda c: (new_messages(c, known), office_outbox.pending_answers(c, known)))
        for tip in known:
            if tip in new or tip in pending or self.tips[tip].pending_answers:
                self.tips[tip].add(new.get(tip, []), pending.get(tip, []), self._signers)

    def present_envelope(self, unit: UnitOfWork, envelope: Envelope) -> Envelope:
        """Return a tip's present envelope: a desk's key change may have renewed the tip's key since it was opened."""
        known = select(tables.tip.c.recipient).where(tables.tip.c.id == envelope.tip)
        if unit.main.execute(known).scalar() == recipient_of(envelope.identity):
            return envelope
        sealed = envelopes.find(unit.keys, envelope.tip, self._desk)
        return (self._open(envelope.tip, sealed) if sealed else None) or envelope

    def tip_recipient(self, unit: UnitOfWork, reader: ThreadReader) -> str:
        """Return the recipient of a tip's newest key: as a present envelope has it, or for a release as the row says.

        Raises:
            ActRefused: the roster knows of a newer key, or that is not known; or no desk above gave the release.
        """
        envelope = reader.envelope
        if not self._services.signers(unit).know(envelope) or (envelope.tip_recipient and reader.altered):
            raise ActRefused("altered")
        if not envelope.tip_recipient:
            return recipient_of(envelope.identity)
        host = self._services.host_roster.state(unit.main)
        state = host or self._services.roster.check(unit.keys, committed=False).state
        row = unit.main.execute(select(tables.tip.c.key_changes).where(tables.tip.c.id == envelope.tip)).scalar_one()
        root = TipRoot(tip=envelope.tip, recipient=envelope.tip_recipient, verifier=envelope.tip_verifier)
        try:
            return present_recipient(root, row, state)
        except TipKeyAltered:
            raise ActRefused("altered") from None

    def present_reader(self, unit: UnitOfWork, tip: OpenTip) -> ThreadReader:
        """Read a tip's thread to its present end: desks may have given it away or taken it back since it was opened."""
        envelope, signers = self.present_envelope(unit, tip.envelope), self._services.signers(unit)
        reader = deepcopy(tip.reader) if envelope is tip.envelope else ThreadReader(envelope, signers)
        new = new_messages(unit.main, {tip.id: reader.last}).get(tip.id, [])
        reader.read_new(new, signers)
        return reader

    def queue_answer(self, unit: UnitOfWork, answer: OfficeAnswer) -> None:
        """Sign an answer with the desk's key and queue it for the host.

        Raises:
            CaseworkError: the answer does not fit into one frame.
        """
        office_outbox.queue_answer(unit, answer, self._identity)

    def open_documents(self) -> None:
        """Open the texts of the tips that were read since the last time, and compare them with the others."""
        with self.lock:
            self.open_texts()
            self._compare(_FEW if self._comparing else len(self._uncompared))

    def open_texts(self) -> None:
        """Open the documents and captions of the tips that were read since the last time, for the search."""
        with self.lock:
            due = self._closed & self.tips.keys()
            for some in batches(due):
                if self._stopped.is_set():
                    return
                self._open_texts(some)
                self.progress = Progress(self.progress.done + len(some), self.progress.total)
            self._closed.clear()

    def gist(self, tip: str) -> Gist:
        """Return what a row of the queue says of a tip whose texts were opened."""
        return self.tips[tip].gist(self._search_texts)

    def _compare(self, most: int) -> bool:
        """Compare some tips with the others; return whether more are left."""
        with self.lock:
            for tip in list(islice(self._uncompared, most)):
                self._uncompared.discard(tip)
                if tip in self.tips:
                    clues = self.tips[tip].clues()
                    self.related.put(tip, clues)
                    self.floods.put(tip, clues)
            return bool(self._uncompared) and not self._stopped.is_set()

    def _open_texts(self, tips: Collection[str]) -> None:
        for tip, sealed in self._services.read(lambda c: documents(c, tips)).items():
            with contextlib.suppress(CantOpen):  # `Casework.open` reports it
                self.tips[tip].document = self.tips[tip].open_document(sealed)
        for tip, rows in self._services.read(lambda c: _records(c, tips)).items():
            opened, _ = open_records(rows, self.tips[tip].envelope)
            self.tips[tip].captions = tuple(record.caption for record in opened)
            self.tips[tip].pictures = tuple(filter(None, map(picture_of, opened)))
        for tip in tips:
            self.texts.put(tip, self.tips[tip].texts(self._search_texts))
        self._uncompared |= set(tips)


def _existing(connection: Connection, tips: Iterable[str]) -> set[str]:
    table = tables.tip
    queries = (select(table.c.id).where(table.c.id.in_(some)) for some in batches(tips))
    return {tip for query in queries for tip in connection.execute(query).scalars()}


def documents(connection: Connection, tips: Iterable[str]) -> dict[str, bytes]:
    """Read the sealed documents of these tips."""
    table = tables.tip
    queries = (select(table.c.id, table.c.document).where(table.c.id.in_(some)) for some in batches(tips))
    return {tip: document for query in queries for tip, document in connection.execute(query)}


class _StoredRecord(msgspec.Struct, frozen=True):
    """A file's sealed record."""

    ordinal: str
    state: str
    record: bytes


def _records(connection: Connection, tips: Iterable[str]) -> dict[str, list[_StoredRecord]]:
    table, found = tables.file, defaultdict[str, list[_StoredRecord]](list)
    for some in batches(tips):
        query = select(table.c.tip, table.c.ordinal, table.c.state, table.c.record).where(table.c.tip.in_(some))
        for row in connection.execute(query.where(table.c.record != b"")):
            found[row.tip].append(_StoredRecord(row.ordinal, row.state, row.record))
    return found
