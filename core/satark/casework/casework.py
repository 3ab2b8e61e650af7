"""Casework of one desk: list, search and open its tips, answer them, direct them to other desks."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy

import msgspec
from sqlalchemy import Connection, Row, select

from satark.api.providers import Transcriber
from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen
from satark.api.tip import FINISHED_STATUSES, CaseStep, Envelope, Message, Status
from satark.audit.acts import ActKind
from satark.audit.trail import Trail
from satark.casework.desk_act import ActRefused
from satark.casework.directing import Directing
from satark.casework.errors import NoSuchTip, VoiceAccessDenied
from satark.casework.evidence_access import EvidenceAccess
from satark.casework.hold_rules import Keeping, keeping_of
from satark.casework.opened_tip import OpenTip, RelatedTip, TipSummary, transcripts_of
from satark.casework.search import Query
from satark.casework.sender_hints import quotes
from satark.casework.tip_cache import TipCache
from satark.casework.work import PostedMessage, Work, as_request
from satark.custody.log import announced_files, unfetched_files
from satark.evidence.own_voice import OwnVoice, as_passed_on, is_own_voice
from satark.evidence.records import open_records
from satark.identity.time_buckets import band
from satark.remote.messages import DirectedDesk
from satark.remote.office_outbox import new_answer
from satark.retention.schedule import Term, store_term, store_terms
from satark.routing.authors import ThreadReader, Writer
from satark.routing.releases import told_to_releases
from satark.routing.tip_keys import is_in_row
from satark.services import Services
from satark.store import changed_keys, tables
from satark.store.evidence_files import ordinal_order
from satark.store.threads import next_seq, post
from satark.store.unit_of_work import UnitOfWork
from satark_words.contacts import find_contact


class Casework(EvidenceAccess):
    """Works on the tips of one desk with the desk's opened key. Keep an instance no longer than an officer's session.

    A destination that reads tips works on them as a desk does: `desk` is then the destination, and `identity` the key
    of its `[[destination]]`. Every method may be called from any thread. The last opened tips are cached in memory.
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
        own_identity: str = "",
        audit_desk: str = "",
        cache: TipCache | None = None,
        seen: Callable[[Envelope], Sequence[bytes]] = lambda _: (),
    ) -> None:
        """Work for an officer of a desk, or for a destination.

        Args:
            may_listen: whether the officer has the right to hear tipsters' voices.
            own_identity: the officer's own opened key: their acts are sealed to them as well.
            audit_desk: for a destination, the desk that it belongs to; this desk's audit log records its acts.
            cache: the desk's tips as another of its officers opened them; None: open them anew.
            seen: returns the hashes of a tip's thread as the desk's officers saw it.
        """
        trail = (
            Trail(services, audit_desk, desk)
            if audit_desk
            else Trail(services, desk, officer, identity, own_identity=own_identity)
        )
        super().__init__(services, desk, officer=officer, may_listen=may_listen, transcribers=transcribers, trail=trail)
        self._owner = audit_desk
        name = desk if ":" in desk else officer  # no desk has such a name
        self._writer = Writer(name=name, identity=identity, own_identity=own_identity)
        self.cache = cache or TipCache(services, desk, identity)
        """The desk's opened tips, which all its officers in this process may share."""
        self.directing = Directing(services, desk, identity, self.cache, self.add_step)
        """Gives tips to other desks, and takes them back."""
        self._seen = seen
        self._stored_terms: dict[str, Term] = {}

    def may_read(self, work: Work) -> bool:
        """Return whether this officer may read a tip, given the work on it. A recused officer may not."""
        return not work.is_recused(self.desk, self._officer.name)

    def note_listed(self) -> None:
        """Record in the audit log that the desk's tips were listed."""
        self.trail.record_once("listed")

    def summaries(self) -> list[TipSummary]:
        """Return a summary of every tip of the desk that this officer may read, the newest first."""
        self.note_listed()
        return self._summaries()

    def _summaries(self) -> list[TipSummary]:
        with self.cache.lock:
            self.cache.refresh()
            summaries = [self.cache.listed(tip).summary for tip in self.cache.tips]
        mine = (one for one in summaries if self.may_read(one.work))
        return sorted(mine, key=lambda one: (one.header.received, one.header.number), reverse=True)

    def keepings(self) -> list[tuple[TipSummary, Keeping]]:
        """Return each tip's retention term, the first due first; store the terms for the scheduled job.

        This brings the stored terms up to date with answers of remote offices and with changed settings.
        """
        self.trail.record_once("listed")
        with self.cache.lock:
            self.cache.refresh()
            listed = [self.cache.listed(tip) for tip in self.cache.tips]
        state, terms = self._services.roster_state(), self._services.retention
        found = [
            (one.summary, keeping_of(terms, one.envelope.header, one.thread, state))
            for one in listed
            if not one.envelope.tip_recipient  # a desk with a release alone sees no legal hold
        ]
        # Store the terms of all tips, even of those that this officer may not read: the scheduled job erases by them.
        new = {one.id: keeping.term for one, keeping in found if self._stored_terms.get(one.id) != keeping.term}
        keys = {one.summary.id: one.envelope.identity for one in listed}
        self._services.write_now(lambda unit: store_terms(unit, {tip: (term, keys[tip]) for tip, term in new.items()}))
        self._stored_terms |= new
        mine = [one for one in found if self.may_read(one[0].work)]
        return sorted(mine, key=lambda one: (one[1].due, one[0].header.number))

    def find(self, words: str) -> Mapping[str, str]:
        """Find the tips whose texts contain all of these words; return a snippet of each, by the tip's id.

        Texts are answers, messages, transcripts, captions and the tip's number; see `search`.
        """
        self.trail.record_once("searched", detail=words)
        query = Query.of(words)
        with self.cache.lock:
            self.cache.refresh(whole=False)
            self.cache.open_texts()
            return self.cache.texts.find(query, self._has)

    def related_tips(self, tip: OpenTip) -> list[RelatedTip]:
        """Return the tips of the desk that are related to one, the strongest reasons first.

        New tips are compared first. After that, a look-up takes about a millisecond.
        """
        self.note_listed()
        with self.cache.lock:
            self.cache.refresh(whole=False)
            self.cache.open_documents()
            found = self.cache.related.find(tip.id)
            every = [RelatedTip(summary=self.cache.listed(one.tip).summary, reasons=one.reasons) for one in found]
        return [one for one in every if self.may_read(one.summary.work)]

    def _has(self, tip: str) -> bool:
        entry = self.cache.tips[tip]
        return not entry.is_kept or self.may_read(self.cache.listed(tip).summary.work)

    def open(self, number: str) -> OpenTip:
        """Open a tip, by its number or its id.

        Raises:
            NoSuchTip: the desk has no tip of this number, or the officer recused themselves from it.
            CantOpen: its document was altered.
        """
        try:
            opened = self._open(number)
        except NoSuchTip:
            self.trail.record_once("refused", detail=number)
            raise
        self.trail.record_once("read", tip=opened.header.number)
        return opened

    def export_list(self) -> Iterator[OpenTip]:
        """Open every tip of the desk, the newest first; the audit log records one act for all of them.

        Raises:
            CantOpen: (while iterating) a document was altered.
        """
        summaries = self._summaries()
        self.trail.record("exported_list", detail=str(len(summaries)))
        return (self._open(summary.id) for summary in summaries)

    def _open(self, number: str) -> OpenTip:
        with self.cache.lock:
            self.cache.refresh(whole=False)
            tip, cached = self.cache.find(number)
            if not self._has(tip):
                raise NoSuchTip
            seen = self._seen(cached.envelope)
            if not all(map(cached.reader.has, seen)):  # a colleague may have seen more meanwhile
                self.cache.refresh(whole=False)
                tip, cached = self.cache.find(tip)
            row = self._services.read(lambda c: c.execute(_ROW.where(tables.tip.c.id == tip)).one_or_none())
            signers = self._services.signers().of(cached.envelope)
            is_newest = signers.know(cached.envelope) and not signers.outdate(cached.reader)
            document, stored = row or (b"", b"")
            changes = self._services.read_keys(lambda keys: changed_keys.opened(keys, tip, stored))
            reader = deepcopy(cached.reader)
        opened = cached.open_document(document)
        has_key = not cached.envelope.tip_recipient
        rows = self._services.read(lambda c: _files(c, tip)) if has_key else []
        stored, damaged = open_records(rows, cached.envelope)
        records = [as_passed_on(record, opened) for record in stored]
        transcripts = transcripts_of(cached.thread)
        keys = self._services.keys
        unfetched = self._services.read(lambda c: unfetched_files(c, keys, tip)) if has_key else {}
        sent = {*opened.evidence, *(self._services.read(lambda c: announced_files(c, keys, tip)) if has_key else ())}
        sent |= {row.ordinal for row in rows}
        fetched = {row.ordinal for row in rows if row.state == "sealed"}
        return OpenTip(
            id=tip,
            envelope=cached.envelope,
            tip=opened,
            thread=tuple(cached.thread),
            reader=reader,
            altered=reader.altered
            or not all(map(reader.has, seen))
            or (has_key and not (is_newest and is_in_row(cached.envelope, changes))),
            outdated=has_key and not is_newest,
            unsigned=tuple(cached.unsigned),
            evidence=tuple(record for record in records if not is_own_voice(record, opened)),
            voices=tuple(
                OwnVoice(record=record, transcript=transcripts.get(record.ordinal, ""))
                for record in records
                if is_own_voice(record, opened)
            ),
            pending=tuple(row.ordinal for row in rows if unfetched.get((tip, row.ordinal)) == "due"),
            lost=tuple(row.ordinal for row in rows if unfetched.get((tip, row.ordinal)) == "lost"),
            gone=tuple(sorted(sent - fetched - {ordinal for _, ordinal in unfetched}, key=ordinal_order)),
            damaged=damaged + cached.damaged,
            damaged_messages=cached.damaged,
            pending_answers=len(cached.pending_answers),
            refused_answers=sum(one.refused for one in cached.pending_answers),
        )

    def transcribe(self, tip: OpenTip, ordinal: str, text: str) -> PostedMessage:
        """Add the transcript of a recording of the tipster's own voice, or a corrected one.

        Raises:
            VoiceAccessDenied: this officer may not hear the recording. NoSuchFile: there is no such recording.
        """
        tip.voice(ordinal)
        if not self.may_hear():
            raise VoiceAccessDenied
        message = Message(sender="desk", desk=self.desk, text=text, internal=True, transcript=ordinal)

        def write(unit: UnitOfWork) -> PostedMessage:
            self.log(unit, tip, ordinal, "transcribed", "transcript", sha256=hashlib.sha256(text.encode()).hexdigest())
            return self.post(unit, tip, message)

        return self._services.write_now(write)

    def response(self, status: Status | None, text: str, *, question: bool) -> Message:
        """Return a message to the tipster with the tip's status, which the tipster sees too.

        `question` marks the text as a question. Text with the status "more information needed" is always one.
        """
        is_question = question or (status == "NEED_INFO" and bool(text))
        return Message(sender="desk", desk=self.desk, status=status, text=text, question=is_question)

    def note(self, tip: OpenTip, text: str, *, private: bool = False) -> PostedMessage:
        """Add a note to the thread. Only desks can read it; if it is private, only this desk can."""
        message = Message(sender="desk", desk=self.desk, text=text, internal=True, private=private)
        return self._services.write_now(lambda unit: self.post(unit, tip, message))

    def tell_of_dispute(self, tip: str) -> None:
        """Tell desks with a release of a disputed tip that it is open again: they never see the dispute itself."""
        told = Message(sender="desk", desk=self.desk, status="REOPENED", internal=True)
        with contextlib.suppress(CantOpen, CaseworkError):  # the tip's page says what is wrong with it
            opened = self._open(tip)
            if opened.access.releases and opened.work.must_tell_dispute:
                self._services.write_now(lambda unit: self.post(unit, opened, told))

    def share(self, tip: str) -> None:
        """Give a tip that became more urgent to the desk's destinations that read tips only from such a priority."""
        with contextlib.suppress(CantOpen, CaseworkError):  # the tip's page says what is wrong with it
            opened = self._open(tip)
            self._services.write_now(lambda unit: self.directing.share(unit, opened))

    def add_step(
        self,
        unit: UnitOfWork,
        tip: OpenTip,
        step: CaseStep,
        text: str,
        act: tuple[ActKind, str],
        *,
        private: bool = False,
        directed_to: DirectedDesk | None = None,
    ) -> PostedMessage:
        """Add a step of work to a tip's thread, which only desks read: see `post`."""
        message = Message(sender="desk", desk=self.desk, text=text, internal=True, private=private, case=step)
        return self.post(unit, tip, message, directed_to, act=act)

    def post(
        self,
        unit: UnitOfWork,
        tip: OpenTip,
        message: Message,
        directed_to: DirectedDesk | None = None,
        *,
        act: tuple[ActKind, str] | None = None,
    ) -> PostedMessage:
        """Add a message to a tip's thread. At an office, queue it for the host together with `directed_to`.

        `act`: kind and detail of the act for the audit log, if the message does not tell them.

        Raises:
            ActRefused: the desk has only a release, or withdraws the tip from a desk that it did not direct; the text
            for the tipster has an address or a number, whose owner could learn who they are; or a desk with a release
            would read the tipster's own words.
        """
        if not message.internal and find_contact(message.text):
            raise ActRefused("contact")
        if self._owner and tip.work.director_of(self._owner):
            message = as_request(message, self._owner)
        kind, detail = act or ("noted" if message.internal else "answered", message.status or "")
        if not message.transcript:  # `transcribe` has recorded this act, with the file
            self.trail.record(kind, unit=unit, tip=tip.header.number, detail=detail)
        seq, reader = next_seq(unit, tip.id), self.cache.reader.present_reader(unit, tip)
        is_over = tip.work.status in FINISHED_STATUSES and not tip.work.is_led
        if reader.access.releases and (told := told_to_releases(message, is_over=is_over)):
            self.post(unit, tip, told)
            seq, reader = next_seq(unit, tip.id), self.cache.reader.present_reader(unit, tip)
        signers = self._services.signers(unit).of(reader.envelope)
        if not signers.may_write(message, reader.access, self._writer.name):
            raise ActRefused("withdraw.none" if act and act[0] == "withdrawn" else "released")
        message = msgspec.structs.replace(message, band=band(unit.now), roster=signers.head, thread=reader.thread)
        present = self.cache.reader.tip_recipient(unit, reader)
        desks = [present, *_release_recipients(reader, message, {one.name: one.recipient for one in signers.sealable})]
        if len(desks) > 1 and not tip.envelope.tip_recipient and quotes(tip, message.text):
            raise ActRefused("quotes.note")
        recipients = desks if message.internal else [*desks, tip.envelope.receipt]
        message = self._writer.signed(message, reader.envelope, 0 if signers.host else seq, unit.now, desks)
        if signers.host:
            self.cache.reader.queue_answer(unit, new_answer(self.desk, tip.id, message, recipients, directed_to))
            return PostedMessage(len(tip.thread) + 1, message, self.trail.officer, unit.now)
        seq = post(unit, tip.id, message, *recipients)
        posted = PostedMessage(seq, message, self.trail.officer, unit.now, self._writer.signer)
        if not tip.envelope.tip_recipient:  # a desk with a release alone sees only part of the thread
            state = self._services.roster_state(unit)
            keeping = keeping_of(self._services.retention, tip.header, (*tip.thread, posted), state)
            store_term(unit, tip.id, keeping.term, tip.envelope.identity, required=bool(message.retention))
        return posted


_ROW = select(tables.tip.c.document, tables.tip.c.key_changes)


def _release_recipients(reader: ThreadReader, message: Message, listed: Mapping[str, str]) -> list[str]:
    """Return the roster's keys of the desks that read a message through a release."""
    envelope = reader.envelope
    desks = [envelope.desk] if envelope.tip_recipient else reader.access.release_readers(message)
    return [listed[desk] for desk in desks if desk in listed]


def _files(connection: Connection, tip: str) -> list[Row[tuple[str, str, bytes]]]:
    table = tables.file
    query = select(table.c.ordinal, table.c.state, table.c.record).where(table.c.tip == tip)
    return sorted(connection.execute(query), key=lambda row: ordinal_order(row.ordinal))
