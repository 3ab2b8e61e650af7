"""Cache of a desk's opened tips: each envelope, message and document is opened once per session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, func, select

from satark.casework.errors import NoSuchTip
from satark.casework.opened_tip import TipSummary, summarize
from satark.casework.posted_message import PostedMessage
from satark.casework.search import SearchText
from satark.evidence.records import open_records
from satark.identity.sealing import CantOpen, open_as, open_envelope, open_tip, recipient_of
from satark.remote import office_outbox
from satark.store import envelopes, tables
from satark.store.threads import batches, new_messages
from satark.tip import Envelope, Message, Tip

if TYPE_CHECKING:
    from satark.remote.messages import OfficeAnswer
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork


class TipCache:
    """The opened tips of one desk. `refresh` reads what is new in the store. Not thread-safe."""

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        self.tips: dict[str, CachedTip] = {}
        self.unreadable = 0
        """The number of envelopes that did not open at the last refresh: damaged or forged."""
        self._services = services
        self._desk = desk
        self._identity = identity
        self._former: Sequence[str] = ()

    def find(self, number: str) -> tuple[str, CachedTip]:
        """Find a tip by its number or its id; return its id with what is cached of it.

        Raises:
            NoSuchTip: the desk has none of this number.
        """
        wanted = number.strip().upper()
        for tip, cached in self.tips.items():
            if wanted in (cached.envelope.header.number, tip.upper()):
                return tip, cached
        raise NoSuchTip

    def refresh(self) -> None:
        """Read what changed in the store: new, changed and deleted envelopes, and new messages."""
        rows = self._services.read_keys(lambda c: envelopes.of_holder(c, self._desk))
        for tip in self.tips.keys() - rows.keys():
            del self.tips[tip]
        changed = {t: s for t, s in rows.items() if t not in self.tips or self.tips[t].sealed != s}
        existing = self._services.read(lambda c: _existing(c, changed))
        self._former = self._services.read(lambda c: office_outbox.former_keys(c, self._desk, self._identity))
        self.unreadable = 0
        for tip, sealed in changed.items():
            self._load(tip, sealed, exists=tip in existing)
        self._read_new_messages()

    def _load(self, tip: str, sealed: bytes, *, exists: bool) -> None:
        self.tips.pop(tip, None)
        envelope = self._open(tip, sealed)
        if envelope is None:
            self.unreadable += 1
            return
        # A crash between the commits of the two databases leaves an envelope without a tip; its turn runs again.
        if exists:
            self.tips[tip] = CachedTip(sealed, envelope)

    def _open(self, tip: str, sealed: bytes) -> Envelope | None:
        for identity in (self._identity, *self._former):
            try:
                return open_envelope(sealed, identity, tip=tip, desk=self._desk)
            except CantOpen:
                continue
        return None

    def _read_new_messages(self) -> None:
        known = {tip: cached.last for tip, cached in self.tips.items()}
        # In one snapshot: an answer that the host confirms meanwhile is in exactly one of the two.
        new, pending = self._services.read(lambda c: (new_messages(c, known), office_outbox.pending_answers(c, known)))
        for tip, messages in new.items():
            self.tips[tip].add(messages)
        for tip, cached in self.tips.items():
            cached.take_pending(pending.get(tip, []))

    def present_envelope(self, unit: UnitOfWork, envelope: Envelope) -> Envelope:
        """Return a tip's envelope as it is now: a desk's key change may have renewed the tip's since it was opened."""
        known = select(tables.tip.c.recipient).where(tables.tip.c.id == envelope.tip)
        if unit.main.execute(known).scalar() == recipient_of(envelope.identity):
            return envelope
        sealed = envelopes.find(unit.keys, envelope.tip, self._desk)
        return (self._open(envelope.tip, sealed) if sealed else None) or envelope

    def queue_answer(self, unit: UnitOfWork, answer: OfficeAnswer) -> None:
        """Sign an answer with the desk's key and queue it for the host.

        Raises:
            AnswerTooLong: it does not fit into one frame.
        """
        office_outbox.queue_answer(unit, answer, self._identity)

    def open_documents(self) -> None:
        """Open every document that is not opened yet."""
        closed = [tip for tip, cached in self.tips.items() if cached.document is None]
        for tip, sealed in self._services.read(lambda c: documents(c, closed)).items():
            try:
                self.tips[tip].document = open_tip(sealed, self.tips[tip].envelope)
            except CantOpen:
                continue  # `Casework.open` reports it
        self._open_captions()

    def _open_captions(self) -> None:
        counts = self._services.read(lambda c: _count_records(c, self.tips))
        changed = [tip for tip, count in counts.items() if count != self.tips[tip].records]
        for tip, rows in self._services.read(lambda c: _records(c, changed)).items():
            opened, _ = open_records(rows, self.tips[tip].envelope.identity)
            self.tips[tip].take_captions(len(rows), [record.caption for record in opened])


class CachedTip:
    """One tip: its opened envelope, and its thread as far as it was read."""

    def __init__(self, sealed: bytes, envelope: Envelope) -> None:
        self.sealed = sealed
        self.envelope = envelope
        self.last = 0
        self.pending_answers: Sequence[office_outbox.PendingAnswer] = ()
        self.damaged = 0
        self.document: Tip | None = None
        self.records = 0
        """The number of the files' records when their captions were opened."""
        self.captions: tuple[str, ...] = ()
        self._search: SearchText | None = None
        self._summary: TipSummary | None = None
        self._searched = (0, True)
        self._posted: list[PostedMessage] = []

    @property
    def thread(self) -> list[PostedMessage]:
        """The messages of the thread, then the answers that the host has not confirmed yet."""
        opened = (open_as(Message, one.sealed, self.envelope.identity) for one in self.pending_answers)
        return self._posted + [PostedMessage(self.last + n, message) for n, message in enumerate(opened, 1)]

    def add(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Open further messages of the thread; count those that do not open as damaged."""
        self._summary = None
        for seq, sealed in messages:
            self.last = seq
            try:
                self._posted.append(PostedMessage(seq, open_as(Message, sealed, self.envelope.identity)))
            except CantOpen:
                self.damaged += 1

    def take_pending(self, pending: Sequence[office_outbox.PendingAnswer]) -> None:
        """Take the answers that the host has not confirmed yet."""
        if pending or self.pending_answers:
            self._summary = None
        self.pending_answers = pending

    def summary(self, tip: str) -> TipSummary:
        """Return the tip's summary, worked out again when something was added to its thread."""
        if self._summary is None:
            self._summary = summarize(tip, self.envelope.header, self.thread)
        return self._summary

    def take_captions(self, records: int, captions: Sequence[str]) -> None:
        """Take the captions of the tip's files, of which there are `records`."""
        self.records, self.captions, self._search = records, tuple(captions), None

    def search_text(self) -> SearchText:
        """Return the texts that a search looks through, prepared."""
        thread = self.thread
        if self._search is None or self._searched != (len(thread), self.document is None):
            parts = _texts(self.document.answers) if self.document is not None else []
            parts += [*self.captions, *(posted.message.text for posted in thread), self.envelope.header.number]
            self._search, self._searched = SearchText(parts), (len(thread), self.document is None)
        return self._search


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []


def _existing(connection: Connection, tips: Iterable[str]) -> set[str]:
    table = tables.tip
    queries = (select(table.c.id).where(table.c.id.in_(some)) for some in batches(tips))
    return {tip for query in queries for tip in connection.execute(query).scalars()}


def documents(connection: Connection, tips: Iterable[str]) -> dict[str, bytes]:
    """Read the sealed documents of these tips."""
    table = tables.tip
    queries = (select(table.c.id, table.c.document).where(table.c.id.in_(some)) for some in batches(tips))
    return {tip: document for query in queries for tip, document in connection.execute(query)}


def _count_records(connection: Connection, tips: Iterable[str]) -> dict[str, int]:
    """Count the records of these tips' files."""
    table, found = tables.file, dict[str, int]()
    for some in batches(tips):
        query = select(table.c.tip, func.count()).where(table.c.tip.in_(some), table.c.record != b"")
        found |= {row[0]: row[1] for row in connection.execute(query.group_by(table.c.tip))}
    return found


class _StoredRecord(msgspec.Struct, frozen=True):
    """A file's sealed record."""

    ordinal: str
    state: str
    record: bytes


def _records(connection: Connection, tips: Iterable[str]) -> dict[str, list[_StoredRecord]]:
    """Read the sealed records of these tips' files."""
    table, found = tables.file, defaultdict[str, list[_StoredRecord]](list)
    for some in batches(tips):
        query = select(table.c.tip, table.c.ordinal, table.c.state, table.c.record).where(table.c.tip.in_(some))
        for row in connection.execute(query.where(table.c.record != b"")):
            found[row.tip].append(_StoredRecord(row.ordinal, row.state, row.record))
    return found
