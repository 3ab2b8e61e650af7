"""Reads tips from their rows: envelopes, threads, documents and the records of files, opened with a desk's key."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Select, func, select

from satark.api.sealing import CantOpen, keys_of, open_envelope, recipient_of
from satark.api.tip import Envelope
from satark.casework.cached_tip import CachedTip
from satark.casework.desk_act import ActRefused
from satark.casework.opened_tip import OpenTip
from satark.casework.related.clues import picture_of
from satark.evidence.records import open_records
from satark.remote import office_outbox
from satark.remote.messages import OfficeAnswer
from satark.roster.state import RosterState
from satark.routing.authors import Signers, ThreadReader
from satark.routing.sent import is_as_sent
from satark.routing.tip_keys import TipKeyAltered, TipRoot, is_in_row, name_tags, present_recipient
from satark.services import Services
from satark.store import bulk, changed_keys, envelopes, tables
from satark.store.threads import new_messages
from satark.store.unit_of_work import UnitOfWork

_MOST_HELD: Final = 1000
"""Most tips that are kept in memory with their rows, besides the listed values."""


class TipReader:
    def __init__(self, services: Services, desk: str, identity: str) -> None:
        self.held: dict[str, CachedTip] = {}
        """The tips that were read last, with their rows."""
        self.unreadable: set[str] = set()
        """Tips whose envelopes did not open, or contradict the original content."""
        self.signers = Signers(RosterState())
        self._services = services
        self._desk = desk
        self._identity = identity
        self._former: Sequence[str] = ()
        self._own = keys_of(identity) if identity else []  # an auditor has none
        self._in_use = [*self._own]
        """Private keys that are derived once: the desk's, and those of the tips that are being read."""

    def read(self, tips: Collection[str]) -> dict[str, CachedTip]:
        """Read these tips. For tips in memory, read only new rows. Leave out ids that are no tip of the desk."""
        sealed = self._services.read_keys(lambda c: envelopes.of_tips(c, self._desk, tips))
        self._former = self._services.read(lambda c: office_outbox.former_keys(c, self._desk, self._identity))
        rows = self._services.read(lambda c: rows_of(c, sealed))
        keys = select(tables.tip.c.id, tables.tip.c.recipient).where(tables.tip.c.id.in_(sealed))
        recipients = self._services.read(lambda c: dict(bulk.stream(c, keys)))
        for tip in tips:
            self._take_envelope(tip, sealed.get(tip), recipients.get(tip, ""), exists=tip in rows)
        found = {tip: self.held[tip] for tip in tips if tip in self.held}
        self._read_messages(found)
        self._read_documents(found)
        self._in_use.clear()
        for tip, one in found.items():
            one.rows = rows[tip]
        while len(self.held) > max(_MOST_HELD, len(found)):
            del self.held[next(iter(self.held))]
        return found

    def _take_envelope(self, tip: str, sealed: bytes | None, recipient: str, *, exists: bool) -> None:
        former = self.held.pop(tip, None)
        if former and sealed and exists and former.digest == envelopes.digest(sealed):
            self.held[tip] = former
            return
        self.unreadable.discard(tip)
        if sealed is None:
            return
        if (envelope := self._opened(tip, sealed)) is None:
            self.unreadable.add(tip)
        # A crash between the commits of the two databases leaves an envelope without a tip; the turn runs again.
        elif exists:
            if not is_as_sent(envelope, recipient):  # whoever put it there may have taken the mark from an urgent tip
                self.unreadable.add(tip)
                envelope = replace(envelope, header=replace(envelope.header, priority="urgent"))
            self.held[tip] = CachedTip(envelope, self.signers, sealed)

    def _opened(self, tip: str, sealed: bytes) -> Envelope | None:
        own = (self._identity, *self._former)
        for identity in own:
            try:
                envelope = open_envelope(sealed, identity, tip=tip, desk=self._desk)
            except CantOpen:
                continue
            self._in_use += keys_of(envelope.identity)
            keys = (envelope.identity, *own) if envelope.tip_recipient else (envelope.identity,)
            return replace(envelope, identity="\n".join(keys))
        return None

    def _read_messages(self, found: Mapping[str, CachedTip]) -> None:
        known = {tip: one.last for tip, one in found.items()}
        # In one snapshot: an answer that the host confirms meanwhile is in exactly one of the two.
        new, pending = self._services.read(lambda c: (new_messages(c, known), office_outbox.pending_answers(c, known)))
        for tip in known:
            if tip in new or tip in pending or found[tip].pending_answers:
                found[tip].add(new.get(tip, []), pending.get(tip, []), self.signers)

    def _read_documents(self, found: Mapping[str, CachedTip]) -> None:
        tip, file = tables.tip.c, tables.file.c
        documents = select(tip.id, tip.document).where(tip.id.in_(found))
        records = select(tables.file).where(file.tip.in_(found), file.record != b"").order_by(file.tip)
        for its, sealed in self._services.read(lambda c: c.execute(documents).all()):
            with contextlib.suppress(CantOpen):  # `Casework.open` reports it
                found[its].document = found[its].open_document(sealed)
        for its, rows in groupby(self._services.read(lambda c: c.execute(records).all()), key=attrgetter("tip")):
            opened, _ = open_records(rows, found[its].envelope)
            found[its].captions = tuple(record.caption for record in opened)
            found[its].pictures = tuple(filter(None, map(picture_of, opened)))

    def present_envelope(self, unit: UnitOfWork, envelope: Envelope) -> Envelope:
        """Return a tip's present envelope: a desk's key change may have renewed the tip's key since it was opened."""
        if not envelope.tip_recipient and is_in_row(envelope, changed_keys.read(unit, envelope.tip) or b""):
            return envelope
        sealed = envelopes.find(unit.keys, envelope.tip, self._desk)
        return (self._opened(envelope.tip, sealed) if sealed else None) or envelope

    def tip_recipient(self, unit: UnitOfWork, reader: ThreadReader) -> str:
        """Return the recipient of a tip's newest key, from a present envelope or, for a release, from the row.

        Raises:
            ActRefused: the roster has a newer key, the newest key is unknown, or a desk with the tip has changed its
            own key since; or no desk above gave the release.
        """
        envelope = reader.envelope
        signers = self._services.signers(unit).of(envelope)
        is_outdated = not signers.know(envelope) or signers.outdate(reader)
        if is_outdated or (envelope.tip_recipient and reader.altered):
            raise ActRefused("altered")
        if not envelope.tip_recipient:
            return recipient_of(envelope.identity)
        row = changed_keys.read(unit, envelope.tip) or b""
        verifier, given_by = envelope.tip_verifier, reader.access.answers_to.get(envelope.desk, "")
        root = TipRoot(tip=envelope.tip, recipient=envelope.tip_recipient, verifier=verifier, roster=reader.released)
        release, names = reader.access.releases.get(envelope.desk), list(signers.tips.desks)
        tags = release.holders if release else b""
        tagged = zip(names, envelopes.releasing(unit.keys, envelope.tip, names), strict=True)
        holders = [given_by, *(name for name, one in tagged if one in tags)]
        try:
            return present_recipient(replace(root, holders=name_tags(verifier, holders)), row, signers.tips)
        except TipKeyAltered:
            raise ActRefused("altered") from None

    def present_reader(self, unit: UnitOfWork, tip: OpenTip) -> ThreadReader:
        """Read a tip's thread to its present end: desks may have directed or withdrawn the tip since it was opened."""
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


def rows_of(connection: Connection, tips: Collection[str] | None = None) -> dict[str, bytes]:
    """Return tip → hash of its messages and the records of its files, for these tips or for all.

    Every row that is added to a tip, removed or replaced changes the hash. Of all tips this reads covers alone, of
    these tips what the covers stand for. So a tip with a wrong cover looks changed at each look, and none looks right.
    """
    message, file = tables.message.c, tables.file.c
    found = {tip: b"" for (tip,) in bulk.stream(connection, _among(select(tables.tip.c.id), tips))}
    for place, cover, sealed in ((message.seq, message.cover, message.sealed), (file.ordinal, file.cover, file.record)):
        columns = [cover.table.c.tip, place, cover if tips is None else func.substr(sealed, 1, envelopes.DRAWN)]
        for tip, at, value in bulk.stream(connection, _among(select(*columns), tips).order_by(*columns[:2])):
            if tip in found:
                found[tip] = _hash((found[tip], at, value if tips is None else envelopes.cover(value)))
    return found


def _among(query: Select[Any], tips: Collection[str] | None) -> Select[Any]:
    """Return a query of these tips alone, by its first column; of all tips if there is None."""
    return query if tips is None else query.where(query.selected_columns[0].in_(tips))


def days_of(connection: Connection) -> dict[str, int]:
    """Return tip → the day on which it came or its last message was written."""
    tip, message = tables.tip.c, tables.message.c
    written = select(message.tip, func.max(message.day)).group_by(message.tip)
    return {its: day for query in (select(tip.id, tip.day), written) for its, day in bulk.stream(connection, query)}


def _hash(said: object) -> bytes:
    return blake2b(msgspec.msgpack.encode(said), digest_size=16).digest()
