"""The casework of one desk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from satark.casework.errors import NotHeard
from satark.casework.evidence_access import EvidenceAccess
from satark.casework.opened import OpenTip, Posted, Summary, summarize, transcripts_of
from satark.casework.tip_cache import TipCache, documents
from satark.desk import Desk, NoSuchDesk
from satark.evidence.own_voice import OwnVoice, is_own_voice
from satark.identity.sealing import CantOpen, open_as, open_tip, recipient_of, seal
from satark.remote.messages import Directed, DirectedOn
from satark.remote.office_outbox import host_destination_rules, host_of, new_answer
from satark.routing.desks import all_desks
from satark.routing.destinations import applying
from satark.routing.rules import is_accused
from satark.store import deliveries, evidence_files, tables
from satark.store.threads import post
from satark.time_buckets import band
from satark.tip import Envelope, Evidence, Message, Status

if TYPE_CHECKING:
    from satark.destination import DestinationRule
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork
    from satark.transcriber import Transcriber


class Casework(EvidenceAccess):
    """What one desk does with its tips. It holds the desk's opened key: keep it no longer than an officer's session.

    A destination that reads tips (`<sink>:<name>`, the identity of its `[[destination]]`) works on them as a desk does.
    Every method may be called from any thread. What was opened stays in memory, sealed rows are never opened twice.
    """

    def __init__(
        self,
        services: Services,
        desk: str,
        identity: str,
        *,
        officer: str = "",
        may_listen: bool = False,
        transcribers: Sequence[Transcriber] = (),
    ) -> None:
        """Work as `officer`, whom the custody log names; `may_listen`: whether they may hear tipsters' voices."""
        super().__init__(services, desk, officer=officer, may_listen=may_listen, transcribers=transcribers)
        self._ledger = TipCache(services, desk, identity)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Casework({self.desk})"

    @property
    def unreadable(self) -> int:
        """Envelopes, at the last look, that do not open: damaged, or put there by somebody."""
        return self._ledger.unreadable

    def summaries(self) -> list[Summary]:
        """Give a line for every tip of the desk, the newest first."""
        with self._lock:
            self._ledger.refresh()
            cases = list(self._ledger.cases.items())
        lines = [summarize(tip, case.envelope.header, case.thread) for tip, case in cases]
        return sorted(lines, key=lambda line: (line.header.received, line.header.number), reverse=True)

    def find(self, words: str) -> set[str]:
        """Give the tips (by id) that hold every one of some words, in any case, in an answer or a message.

        It opens the documents that it has not opened yet: some 0.1 ms each.
        """
        wanted = words.casefold().split()
        with self._lock:
            self._ledger.refresh()
            self._ledger.open_documents()
            texts = {tip: case.text() for tip, case in self._ledger.cases.items()}
        return {tip for tip, text in texts.items() if all(word in text for word in wanted)}

    def open(self, number: str) -> OpenTip:
        """Open a tip, by its number or its id.

        Raises:
            NoSuchTip: the desk has none of this number.
            CantOpen: its document was altered.
        """
        with self._lock:
            self._ledger.refresh()
            tip, case = self._ledger.find(number)
            document = self._services.read(lambda c: documents(c, [tip])).get(tip, b"")
        opened = open_tip(document, case.envelope)
        rows = self._services.read(lambda c: _files(c, tip))
        records, damaged = _open_records(rows, case.envelope.identity)
        spoken = transcripts_of(case.thread)
        missing = sorted(set(opened.evidence) - {ordinal for ordinal, _, _ in rows})
        return OpenTip(
            id=tip,
            envelope=case.envelope,
            tip=opened,
            thread=tuple(case.thread),
            evidence=tuple(record for record in records if not is_own_voice(record, opened)),
            voices=tuple(
                OwnVoice(record=record, transcript=spoken.get(record.ordinal, ""))
                for record in records
                if is_own_voice(record, opened)
            ),
            pending=tuple(ordinal for ordinal, state, _ in rows if state == "due"),
            lost=(*(ordinal for ordinal, state, _ in rows if state == "lost"), *missing),
            damaged=damaged + case.damaged,
            waiting=len(case.waiting),
            refused=sum(one.refused for one in case.waiting),
        )

    def transcribe(self, tip: OpenTip, ordinal: str, text: str) -> Posted:
        """Write out what is said in a recording of the tipster's own voice, or correct what was written.

        Raises:
            NotHeard: this officer may not hear it.
            NoSuchFile: there is no such recording.
        """
        tip.voice(ordinal)
        if not self.may_hear():
            raise NotHeard
        message = Message(sender="desk", desk=self.desk, text=text, internal=True, transcript=ordinal)

        def write(unit: UnitOfWork) -> Posted:
            self.log(unit, tip, ordinal, "transcribed", "transcript", sha256=hashlib.sha256(text.encode()).hexdigest())
            return self.post(unit, tip, message)

        return self._services.write_now(write)

    def respond(self, tip: OpenTip, *, status: Status | None = None, text: str = "", question: bool = False) -> Posted:
        """Tell or ask the tipster something, or set the tip's status, which they are told too.

        Words beside the status "more information needed" always ask: the tipster is told that there is a question.
        """
        asks = question or (status == "NEED_INFO" and bool(text))
        message = Message(sender="desk", desk=self.desk, status=status, text=text, question=asks)
        return self._services.write_now(lambda unit: self.post(unit, tip, message))

    def note(self, tip: OpenTip, text: str) -> Posted:
        """Put a remark into the thread that desks alone can read."""
        message = Message(sender="desk", desk=self.desk, text=text, internal=True)
        return self._services.write_now(lambda unit: self.post(unit, tip, message))

    def may_direct(self, tip: OpenTip) -> list[Desk]:
        """Give the other desks that may have this tip: none that it complains of, and none that routing excluded."""
        desks = self._services.read(all_desks)
        return [desk for desk in desks if desk.name != self.desk and self._may_have(desk, tip)]

    def direct(self, tip: OpenTip, to_desk: str, instruction: str) -> Posted:
        """Hand a tip to another desk as well, with an instruction.

        Raises:
            NoSuchDesk: there is no such desk, or it must never have this tip.
        """
        return self._services.write_now(lambda unit: self._direct(unit, tip, to_desk, instruction))

    def _direct(self, unit: UnitOfWork, tip: OpenTip, to_desk: str, instruction: str) -> Posted:
        # Read here, in the transaction: a change of that desk's key must not come between.
        desks = {desk.name: desk for desk in all_desks(unit.main)}
        desk = desks.get(to_desk)
        if desk is None or desk.name == self.desk or not self._may_have(desk, tip):
            raise NoSuchDesk
        envelope = Envelope(tip=tip.id, desk=desk.name, identity=tip.envelope.identity, header=tip.header)
        sealed = seal(envelope, desk.recipient)
        message = Message(sender="desk", desk=self.desk, text=f"→ {desk.title}: {instruction}", internal=True)
        if host_of(unit.main):
            on = self._sealed_on(tip, desk, host_destination_rules(unit.main))
            directed = Directed(desk=desk.name, recipient=desk.recipient, envelope=sealed, on=on)
            return self.post(unit, tip, message, directed)
        unit.replace(tables.envelope, [{"tip": tip.id, "desk": desk.name, "sealed": sealed}])
        deliveries.add(unit, tip.id, desk.destination)
        self._queue_for_destinations(unit, tip, desk)
        return self.post(unit, tip, message)

    def _queue_for_destinations(self, unit: UnitOfWork, tip: OpenTip, desk: Desk) -> None:
        """Send the tip on to the destinations of a desk that it was directed to."""
        wait = self._services.destination_wait * (not set(tip.tip.evidence) <= evidence_files.settled_ordinals(unit, tip.id))
        for one in self._sealed_on(tip, desk, self._services.destination_rules):
            if one.envelope:
                unit.replace(tables.envelope, [{"tip": tip.id, "desk": one.to, "sealed": one.envelope}])
            deliveries.add(unit, tip.id, one.to, wait=wait)

    def _sealed_on(
        self, tip: OpenTip, desk: Desk, destination_rules: Sequence[DestinationRule]
    ) -> tuple[DirectedOn, ...]:
        """Seal the tip's key to those destinations of a desk that take it."""
        header = tip.header
        found = applying(destination_rules, tip.tip, header.priority, desks={desk.name}, excluded=header.excluded)
        sealed = []
        for rule in found:
            envelope = Envelope(tip=tip.id, desk=rule.to, identity=tip.envelope.identity, header=header)
            key = seal(envelope, rule.recipient) if rule.recipient else b""
            sealed.append(DirectedOn(to=rule.to, recipient=rule.recipient, envelope=key))
        return tuple(sealed)

    def _may_have(self, desk: Desk, tip: OpenTip) -> bool:
        return desk.name not in tip.header.excluded and not is_accused(tip.tip, desk, self._services.geography)

    def post(self, unit: UnitOfWork, tip: OpenTip, message: Message, directed: Directed | None = None) -> Posted:
        """Write a message into a tip's thread as part of a transaction; `directed` goes with it to the host."""
        # The tip's recipient comes from its key, not from a row that somebody could have changed.
        recipients = [recipient_of(tip.envelope.identity)]
        if not message.internal:
            recipients.append(_receipt_recipient(unit.main, tip.id))
        message = msgspec.structs.replace(message, band=band(unit.now))
        if host_of(unit.main):
            self._ledger.write_up(unit, new_answer(self.desk, tip.id, message, recipients, directed))
            return Posted(len(tip.thread) + 1, message)
        return Posted(post(unit, tip.id, message, *recipients), message)


def _receipt_recipient(connection: Connection, tip: str) -> str:
    query = select(tables.tip.c.receipt_recipient).where(tables.tip.c.id == tip)
    recipient: str = connection.execute(query).scalar_one()
    return recipient


def _files(connection: Connection, tip: str) -> list[tuple[str, str, bytes]]:
    table = tables.file
    query = select(table.c.ordinal, table.c.state, table.c.record).where(table.c.tip == tip)
    return sorted(((o, s, r) for o, s, r in connection.execute(query)), key=lambda row: (len(row[0]), row[0]))


def _open_records(rows: Sequence[tuple[str, str, bytes]], identity: str) -> tuple[tuple[Evidence, ...], int]:
    records, damaged = [], 0
    for ordinal, state, sealed in rows:
        if state != "sealed":
            continue
        try:
            record = open_as(Evidence, sealed, identity)
        except CantOpen:
            damaged += 1
            continue
        if record.ordinal == ordinal:
            records.append(record)
        else:
            damaged += 1
    return tuple(records), damaged
