"""What a desk knows of its tips, opened once and kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from satark.casework.errors import NoSuchTip
from satark.casework.opened import Posted
from satark.identity.sealing import CantOpen, open_as, open_envelope, open_tip
from satark.remote import office_outbox
from satark.store import tables
from satark.store.threads import chunks, new_messages
from satark.tip import Envelope, Message, Tip

if TYPE_CHECKING:
    from satark.remote.messages import OfficeAnswer
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork


class TipCache:
    """The tips of one desk, read on from the store at every `refresh`. For one thread at a time."""

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        self.cases: dict[str, CachedTip] = {}
        self.unreadable = 0
        """Envelopes, at the last refresh, that do not open: damaged, or put there by somebody."""
        self._services = services
        self._desk = desk
        self._identity = identity
        self._former: Sequence[str] = ()

    def find(self, number: str) -> tuple[str, CachedTip]:
        """Give a tip by its number or its id.

        Raises:
            NoSuchTip: the desk has none of this number.
        """
        wanted = number.strip().upper()
        for tip, case in self.cases.items():
            if wanted in (case.envelope.header.number, tip.upper()):
                return tip, case
        raise NoSuchTip

    def refresh(self) -> None:
        """Take in what the store has of this desk's tips by now: envelopes come, change and go, threads grow."""
        table = tables.envelope
        query = select(table.c.tip, table.c.sealed).where(table.c.desk == self._desk)
        rows: dict[str, bytes] = {
            row.tip: row.sealed for row in self._services.read_keys(lambda c: c.execute(query).all())
        }
        for tip in self.cases.keys() - rows.keys():
            del self.cases[tip]
        changed = {t: s for t, s in rows.items() if t not in self.cases or self.cases[t].sealed != s}
        existing = self._services.read(lambda c: _existing(c, changed))
        self._former = self._services.read(lambda c: office_outbox.former_keys(c, self._desk, self._identity))
        self.unreadable = 0
        for tip, sealed in changed.items():
            self._take(tip, sealed, exists=tip in existing)
        self._read_on()

    def _take(self, tip: str, sealed: bytes, *, exists: bool) -> None:
        self.cases.pop(tip, None)
        envelope = self._open(tip, sealed)
        if envelope is None:
            self.unreadable += 1
            return
        # An envelope without a tip is what a crash between the two databases leaves; its turn is taken again.
        if exists:
            self.cases[tip] = CachedTip(sealed, envelope)

    def _open(self, tip: str, sealed: bytes) -> Envelope | None:
        for identity in (self._identity, *self._former):
            try:
                return open_envelope(sealed, identity, tip=tip, desk=self._desk)
            except CantOpen:
                continue
        return None

    def _read_on(self) -> None:
        known = {tip: case.last for tip, case in self.cases.items()}
        # In one read: what the host sends back just now stands either there or here, never in both or in none.
        fresh, waiting = self._services.read(lambda c: (new_messages(c, known), office_outbox.waiting(c, known)))
        for tip, messages in fresh.items():
            self.cases[tip].add(messages)
        for tip, case in self.cases.items():
            case.waiting = waiting.get(tip, [])

    def write_up(self, unit: UnitOfWork, answer: OfficeAnswer) -> None:
        """Sign an answer of this desk's and keep it for the host, in whose thread it belongs.

        Raises:
            TooLong: it does not fit into what travels.
        """
        office_outbox.write_up(unit, answer, self._identity)

    def open_documents(self) -> None:
        """Open every document that is not open yet."""
        closed = [tip for tip, case in self.cases.items() if case.document is None]
        for tip, sealed in self._services.read(lambda c: documents(c, closed)).items():
            try:
                self.cases[tip].document = open_tip(sealed, self.cases[tip].envelope)
            except CantOpen:
                continue  # opening that tip will say so


class CachedTip:
    """One tip: its envelope, and its thread as far as it was read."""

    def __init__(self, sealed: bytes, envelope: Envelope) -> None:
        self.sealed = sealed
        self.envelope = envelope
        self.last = 0
        self.waiting: Sequence[office_outbox.Waiting] = ()
        self.damaged = 0
        self.document: Tip | None = None
        self._posted: list[Posted] = []

    @property
    def thread(self) -> list[Posted]:
        """The messages; at the end what the desk wrote and the host has not sent back yet."""
        opened = (open_as(Message, one.sealed, self.envelope.identity) for one in self.waiting)
        return self._posted + [Posted(self.last + n, message) for n, message in enumerate(opened, 1)]

    def add(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Open further messages of the thread; one that does not open is counted as damaged."""
        for seq, sealed in messages:
            self.last = seq
            try:
                self._posted.append(Posted(seq, open_as(Message, sealed, self.envelope.identity)))
            except CantOpen:
                self.damaged += 1

    def text(self) -> str:
        """All that a search looks through, folded to one case."""
        parts = [self.envelope.header.number, *(posted.message.text for posted in self.thread)]
        if self.document is not None:
            parts += _texts(self.document.answers)
        return "\n".join(parts).casefold()


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
    queries = (select(table.c.id).where(table.c.id.in_(some)) for some in chunks(tips))
    return {tip for query in queries for tip in connection.execute(query).scalars()}


def documents(connection: Connection, tips: Iterable[str]) -> dict[str, bytes]:
    """Read the sealed documents of these tips."""
    table = tables.tip
    queries = (select(table.c.id, table.c.document).where(table.c.id.in_(some)) for some in chunks(tips))
    return {tip: document for query in queries for tip, document in connection.execute(query)}
