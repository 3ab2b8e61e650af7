"""At the host: what officers elsewhere wrote, taken once each and only from the desk that has the tip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from satark.carrier import Refused
from satark.desk import NoSuchDesk
from satark.remote.frames import Frame, open_cell
from satark.remote.link_keys import is_signed
from satark.remote.messages import (
    ANSWER_DOMAIN,
    Directed,
    KeyAcceptedMessage,
    OfficeAnswer,
    RefusalMessage,
    decode_answer,
    decode_answer_letter,
)
from satark.remote.offices import Office, change_key, office_of
from satark.routing.desks import find_desk
from satark.store import deliveries, tables
from satark.store.threads import append, post
from satark.tip import Message

if TYPE_CHECKING:
    from satark.remote.host_outbox import HostOutbox, Publish
    from satark.remote.link_keys import LinkKey
    from satark.services import ProcessServices
    from satark.store.unit_of_work import UnitOfWork


class HostInbox:
    """Takes offices' answers into their tips' threads."""

    def __init__(self, services: ProcessServices, key: LinkKey, dispatcher: HostOutbox) -> None:
        self._services = services
        self._key = key
        self._dispatcher = dispatcher

    async def take(self, message: bytes, publish: Publish) -> None:
        """Take one answer; return when it is durable. One that was taken already is only sent back again.

        Raises:
            Refused: it is forged, altered, or not an answer.
            StoreDown: not now.
            NotCarried: not now: the office could not be told that it is refused.
        """
        office, answer = await asyncio.to_thread(self._open, message)
        stands = await self._services.write(lambda unit: _take(unit, answer, self._services))
        if not stands:
            await self._dispatcher.post(office, RefusalMessage(answer=answer.id), publish)
        elif answer.new_key:
            await self._dispatcher.post(office, KeyAcceptedMessage(answer=answer.id), publish)

    def _open(self, message: bytes) -> tuple[Office, OfficeAnswer]:
        opened = open_cell(message, self._key)
        office = self._services.read(lambda c: office_of(c, opened.cell.desk))
        if office is None:
            raise Refused("desk")
        return office, _checked(opened.checked(office.link), office, self._is_known_change)

    def _is_known_change(self, answer: OfficeAnswer) -> bool:
        """Whether this is a change of key that was carried out already, and so comes under a key that is history."""
        return answer.new_key is not None and self._services.read(lambda c: _seq(c, answer)) is not None


def _checked(cell: Frame, office: Office, known: Callable[[OfficeAnswer], bool]) -> OfficeAnswer:
    if (cell.way, cell.kind, cell.total) != ("up", "letter", 1):
        raise Refused("content")
    letter = decode_answer_letter(cell.body)
    answer = decode_answer(letter.answer)
    if answer.desk != office.desk:
        raise Refused("desk")
    if not is_signed(office.answers, letter.signature, ANSWER_DOMAIN + letter.answer) and not known(answer):
        raise Refused("signature")
    return answer


def _take(unit: UnitOfWork, answer: OfficeAnswer, services: ProcessServices) -> bool:
    """Put an answer into its tip's thread; say whether it stands there, now or since it came before."""
    row = {"id": answer.id, "desk": answer.desk, "tip": answer.tip, "seq": 0}
    if not unit.insert_new(tables.answered, [row], "id"):
        return _again(unit, answer)
    if answer.new_key:
        change_key(unit, answer.desk, answer.new_key)
        return True
    if not _has_tip(unit, answer.desk, answer.tip):
        return False
    seq = append(unit, answer.tip, answer.sealed, announced=answer.internal)
    unit.main.execute(update(tables.answered).where(tables.answered.c.id == answer.id).values(seq=seq))
    if answer.directed:
        _direct(unit, answer, answer.directed, services)
    return True


def _again(unit: UnitOfWork, answer: OfficeAnswer) -> bool:
    """Have what became of an answer sent back once more."""
    stands = bool(answer.new_key or _seq(unit.main, answer))
    if stands:
        deliveries.renew(unit, answer.tip)
    return stands


def _seq(connection: Connection, answer: OfficeAnswer) -> int | None:
    """The message that an answer became: 0 where it was refused, or none is in it; None where it is new."""
    mine = (tables.answered.c.id == answer.id) & (tables.answered.c.desk == answer.desk)
    return connection.execute(select(tables.answered.c.seq).where(mine)).scalar()


def _has_tip(unit: UnitOfWork, desk: str, tip: str) -> bool:
    sealed = select(tables.envelope.c.tip).where(tables.envelope.c.tip == tip, tables.envelope.c.desk == desk)
    exists = select(tables.tip.c.id).where(tables.tip.c.id == tip)
    return unit.keys.execute(sealed).scalar() is not None and unit.main.execute(exists).scalar() is not None


def _direct(unit: UnitOfWork, answer: OfficeAnswer, directed: Directed, services: ProcessServices) -> None:
    try:
        desk = find_desk(unit.main, directed.desk)
    except NoSuchDesk:
        desk = None
    if desk is None or desk.recipient != directed.recipient:
        _tell_stale(unit, answer, directed.desk)
        return
    unit.replace(tables.envelope, [{"tip": answer.tip, "desk": desk.name, "sealed": directed.envelope}])
    deliveries.add(unit, answer.tip, desk.destination)
    own = {rule.to: rule for rule in services.destination_rules if rule.desk == desk.name}
    wait = services.destination_wait if deliveries.is_incomplete(unit.main, answer.tip) else 0
    for one in directed.on:
        # An office names destinations, but only the settings here say to which desk they belong.
        if one.to not in own or own[one.to].recipient != one.recipient:
            _tell_stale(unit, answer, one.to)
            continue
        if one.recipient:
            unit.replace(tables.envelope, [{"tip": answer.tip, "desk": one.to, "sealed": one.envelope}])
        deliveries.add(unit, answer.tip, one.to, wait=wait)


def _tell_stale(unit: UnitOfWork, answer: OfficeAnswer, to: str) -> None:
    """Tell the officers that the office knew an older key, and that nothing was handed over to whoever had it."""
    text = f"✗ {to}: this key has changed, the tip was not handed over. Direct it again."
    message = Message(sender="desk", desk=answer.desk, text=text, internal=True)
    tip = select(tables.tip.c.recipient).where(tables.tip.c.id == answer.tip)
    post(unit, answer.tip, message, unit.main.execute(tip).scalar_one())
