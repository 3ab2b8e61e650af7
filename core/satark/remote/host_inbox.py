"""At the host: accepts the answers of officers at remote offices, each once, from desks that have the tip."""

from collections.abc import Awaitable, Collection
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DataError, IntegrityError

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.api.routing import LEVELS
from satark.api.sink import CarrierError, MessageRejected
from satark.api.tip import Message
from satark.identity.signatures import is_signed
from satark.remote.frames import open_frame
from satark.remote.host_outbox import HostOutbox, Publish
from satark.remote.link_keys import LinkKey
from satark.remote.messages import (
    ANSWER,
    ANSWER_DOMAIN,
    SIGNED_ANSWER,
    DirectedDesk,
    OfficeAnswer,
    RefusalMessage,
    decode,
)
from satark.remote.offices import Office, apply_key_change, office_of
from satark.routing.authors import Signers
from satark.routing.rules import delivered_to
from satark.routing.tip_keys import TipKeyAltered, newest_recipient
from satark.services import ProcessServices
from satark.store import deliveries, envelopes, tables
from satark.store.delivery_marks import Kind
from satark.store.threads import append, post
from satark.store.unit_of_work import UnitOfWork


class HostInbox:
    """Appends offices' answers to the threads of their tips."""

    def __init__(self, services: ProcessServices, key: LinkKey, outbox: HostOutbox) -> None:
        self._services = services
        self._key = key
        self._outbox = outbox

    async def accept(self, message: bytes, publish: Publish) -> None:
        """Store one answer; return once it is committed. An answer that came before is only confirmed again.

        Raises:
            MessageRejected: the answer is forged, altered, or none.
            StoreDown: the database can't be written now; retry later.
        """
        office, answer = await run_in_thread(self._open, message)
        try:
            accepted = await self._services.write(lambda unit: _accept(unit, answer, self._services))
        except (DataError, IntegrityError):
            raise MessageRejected("content") from None  # it would fail for ever, and hold up what comes after it
        if accepted is None:
            return  # the office sends it again
        if not accepted:
            await self._inform(self._outbox.send(office, RefusalMessage(answer=answer.id), publish))
        elif answer.new_key:
            await self._inform(self._outbox.send_directory(office, publish, again=True))

    async def _inform(self, sending: Awaitable[None]) -> None:
        """Send the outcome of an answer. An office that can't be reached holds up no other office's answers."""
        try:
            await sending
        except CarrierError as error:
            log.warning("an office can't be told what became of its answer", code=str(error))

    def _open(self, message: bytes) -> tuple[Office, OfficeAnswer]:
        opened = open_frame(message, self._key)
        office = self._services.read(lambda c: office_of(c, self._services.keys, opened.frame.desk))
        if office is None:
            raise MessageRejected("desk")
        frame = opened.verified(office.link)
        if (frame.direction, frame.kind, frame.total) != ("to_host", "message", 1):
            raise MessageRejected("content")
        signed = decode(SIGNED_ANSWER, frame.body)
        answer = decode(ANSWER, signed.answer)
        if answer.desk != office.desk:
            raise MessageRejected("desk")
        listed = self._services.roster_state().desks.get(office.desk)
        own = [listed.verifier] if listed else []
        if listed and answer.new_key:  # once it is applied, what signed it is no longer the desk's
            own += [verifier for _, verifier in listed.former]
        if not any(is_signed(one, signed.signature, ANSWER_DOMAIN + signed.answer) for one in own):
            raise MessageRejected("signature")
        return office, answer


def _accept(unit: UnitOfWork, answer: OfficeAnswer, services: ProcessServices) -> bool | None:
    """Append an answer to its tip's thread; return whether it is there now, by this call or an earlier one.

    A key change is recorded once it is applied. None: it waits for a head's signature.
    """
    table = tables.received_answer
    row = {"id": answer.id, "desk": answer.desk, "seq": 0}
    if answer.new_key and _recorded(unit.main, answer) is None:
        is_applied = apply_key_change(unit, answer.desk, answer.new_key)
        unit.insert(table, [row] if is_applied else [])
        return is_applied
    if not unit.insert_new(table, [row], "id"):
        return _confirm_again(unit, answer)
    exists = select(tables.tip.c.id).where(tables.tip.c.id == answer.tip)
    if envelopes.find(unit.keys, answer.tip, answer.desk) is None or unit.main.execute(exists).scalar() is None:
        return False
    # No tipster is shown what an office with a release writes.
    is_silent = answer.internal or not envelopes.has_tip(unit.keys, answer.tip, answer.desk)
    append(unit, answer.tip, answer.sealed, notified=is_silent)
    unit.main.execute(update(table).where(table.c.id == answer.id).values(seq=1))
    if answer.directed_to:
        _direct(unit, answer, answer.directed_to, services)
    return True


def _confirm_again(unit: UnitOfWork, answer: OfficeAnswer) -> bool:
    """Send the outcome of an answer once more; return whether it was accepted."""
    accepted = bool(answer.new_key or _recorded(unit.main, answer))
    if accepted:
        deliveries.add_revision(unit, answer.tip, offices_only=True)
    return accepted


def _recorded(connection: Connection, answer: OfficeAnswer) -> int | None:
    """Return the seq of the message that an answer became; 0: refused, or a key change; None: the answer is new."""
    table = tables.received_answer
    query = select(table.c.seq).where(table.c.id == answer.id, table.c.desk == answer.desk)
    return connection.execute(query).scalar()


def _direct(unit: UnitOfWork, answer: OfficeAnswer, directed: DirectedDesk, services: ProcessServices) -> None:
    state = services.roster_state(unit)
    desk = next((one for one in Signers(state).sealable if one.name == directed.desk), None)
    if desk is None or desk.recipient != directed.recipient:
        _report_changed_key(unit, answer)
        return
    # The host opens no envelope: an office replaces those below its own level alone; if it may have a release, none.
    rank, own = (LEVELS.index(state.desks[one].desk.level) for one in (desk.name, answer.desk))
    has_tip, is_high = envelopes.find(unit.keys, answer.tip, desk.name) is not None, own >= LEVELS.index("district")
    gives = (rank < own or not has_tip) if is_high else (rank < own and not has_tip)
    if gives:
        envelopes.store(unit, answer.tip, desk.name, directed.envelope, is_release=directed.is_release)
    kind: Kind = "tip" if envelopes.has_tip(unit.keys, answer.tip, desk.name) else "release"
    deliveries.add(unit, answer.tip, delivered_to(desk.destination), again=True, kind=kind)
    rules = {rule.to: rule for rule in services.readable_rules(state) if rule.desk == desk.name}
    for one in directed.destinations:
        # An office names destinations, but only the settings of this host say which desk they belong to.
        if one.to not in rules or rules[one.to].recipient != one.recipient:
            _report_changed_key(unit, answer)
            continue
        if one.recipient and gives:
            envelopes.store(unit, answer.tip, one.to, one.envelope)
        if not one.recipient or envelopes.find(unit.keys, answer.tip, one.to):
            deliveries.add(unit, answer.tip, one.to, again=True, kind="tip" if one.recipient else kind)


def _report_changed_key(unit: UnitOfWork, answer: OfficeAnswer) -> None:
    """Tell officers in the thread that the office used a key that is not the present one of its holder."""
    text = "✗ A key has changed, the tip was not handed over to all. Direct it again."
    message = Message(sender="desk", desk=answer.desk, text=text, internal=True)
    with suppress(TipKeyAltered):  # nobody knows which key to seal it to
        post(unit, answer.tip, message, newest_recipient(unit, answer.tip))


class HostLink:
    """Sends tips to offices and accepts their answers: see `satark.api.OfficeLink`."""

    def __init__(self, services: ProcessServices, key_file: Path, copies: Collection[str] = ()) -> None:
        """Read this machine's link key; create it if it is missing and no office knows one.

        Raises:
            SettingsError: the link key can't be used.
        """
        is_new = not key_file.exists() and not services.read(lambda c: c.execute(select(tables.office)).first())
        key = LinkKey.load(key_file, create=is_new)
        outbox = HostOutbox(services, key, copies)
        self.send_tip = outbox.send_tip
        self.send_covers = outbox.send_covers
        self.accept = HostInbox(services, key, outbox).accept
