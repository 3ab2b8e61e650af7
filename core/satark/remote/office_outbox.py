"""At an office: what its officers write is kept here until the host has sent it back in the tip's thread."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from satark.desk import CaseworkError
from satark.destination import DestinationRule
from satark.identity.sealing import open_as, recipient_of, seal
from satark.redacted import Redacted
from satark.remote.frames import BODY
from satark.remote.link_keys import LinkCard, answer_key, answer_verifier
from satark.remote.messages import (
    ANSWER_DOMAIN,
    Directed,
    NewKey,
    OfficeAnswer,
    SignedAnswer,
    decode_answer_letter,
    encode,
)
from satark.routing.destinations import as_told
from satark.store import tables
from satark.store.threads import chunks
from satark.tip import Message

if TYPE_CHECKING:
    from satark.store.unit_of_work import UnitOfWork

AGAIN = 30
"""Seconds after which an answer that the host has not sent back is sent again."""


class TooLong(CaseworkError):  # noqa: N818 - it reads as what it says
    """A text is longer than one cell."""

    def __init__(self) -> None:
        super().__init__("the text is too long")


class FormerKey(Redacted, frozen=True, kw_only=True):
    """A key that a desk had, sealed to the one that it has."""

    desk: str
    identity: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that the host has not sent back yet."""

    sealed: bytes
    refused: bool
    """Whether the host said that it won't take it."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to be sent."""

    id: bytes
    desk: str
    letter: bytes


def host_of(connection: Connection) -> LinkCard | None:
    """Give the host that this store is an office of; None where it is itself the host."""
    row = connection.execute(select(tables.uplink)).one_or_none()
    return LinkCard(recipient=row.recipient, verifier=row.verifier) if row else None


def host_destination_rules(connection: Connection) -> tuple[DestinationRule, ...]:
    """At an office: the destinations that belong to the host's desks, as the host last told them."""
    told = connection.execute(select(tables.uplink.c.destination_rules)).scalar()
    return as_told(told) if told else ()


def new_answer(
    desk: str, tip: str, message: Message, recipients: Iterable[str], directed: Directed | None
) -> OfficeAnswer:
    """Make an answer of a message of this desk's."""
    return OfficeAnswer(
        id=os.urandom(16),
        desk=desk,
        tip=tip,
        sealed=seal(message, *recipients),
        internal=message.internal,
        directed=directed,
    )


def write_up(unit: UnitOfWork, answer: OfficeAnswer, identity: str) -> None:
    """Sign an answer, and keep it for the host; `identity` is the opened desk's.

    Raises:
        TooLong: it does not fit into a cell.
    """
    letter = _signed(encode(answer), identity)
    if len(letter) > BODY:
        raise TooLong
    row = {"id": answer.id, "desk": answer.desk, "tip": answer.tip, "sealed": answer.sealed, "letter": letter}
    unit.insert(tables.answer, [{**row, "position": time.time_ns(), "state": "due", "sent_at": 0}])


def change_key(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    """At an office: tell the host of a desk's new key, and keep the old one for tips that are on their way.

    `old` and `new` are identities. At the host nothing happens: there everything is sealed anew at once.
    """
    if host_of(unit.main) is None:
        return
    _keep_former(unit, desk, old, new)
    _sign_anew(unit, desk, new)
    new_key = NewKey(recipient=recipient_of(new), answers=answer_verifier(new))
    change = OfficeAnswer(id=os.urandom(16), desk=desk, tip="", sealed=b"", internal=True, new_key=new_key)
    write_up(unit, change, old)


def former_keys(connection: Connection, desk: str, identity: str) -> list[str]:
    """Give the identities that a desk had before this one."""
    rows = connection.execute(select(tables.former_key.c.sealed).where(tables.former_key.c.desk == desk)).scalars()
    opened = [open_as(FormerKey, sealed, identity) for sealed in rows]
    return [key.identity for key in opened if key.desk == desk]


def _keep_former(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    kept = [*former_keys(unit.main, desk, old), old]
    unit.main.execute(delete(tables.former_key).where(tables.former_key.c.desk == desk))
    keys = [(FormerKey(desk=desk, identity=identity), recipient_of(identity)) for identity in kept]
    rows = [{"recipient": was, "desk": desk, "sealed": seal(key, recipient_of(new))} for key, was in keys]
    unit.insert(tables.former_key, rows)


def _sign_anew(unit: UnitOfWork, desk: str, new: str) -> None:
    """Sign what waits with the new key: by the time that it is sent, the host knows no other."""
    table = tables.answer
    query = select(table.c.id, table.c.letter).where(table.c.desk == desk, table.c.tip != "")
    for id_, letter in unit.main.execute(query).all():
        signed = _signed(decode_answer_letter(letter).answer, new)
        unit.main.execute(update(table).where(table.c.id == id_).values(letter=signed))


def _signed(encoded: bytes, identity: str) -> bytes:
    return encode(SignedAnswer(answer=encoded, signature=answer_key(identity).sign(ANSWER_DOMAIN + encoded)))


def waiting(connection: Connection, tips: Iterable[str]) -> dict[str, list[Waiting]]:
    """Give the answers of these tips that the host has not sent back, in order."""
    table = tables.answer
    found: dict[str, list[Waiting]] = {}
    for some in chunks(tips):
        query = select(table.c.tip, table.c.sealed, table.c.state).where(table.c.tip.in_(some))
        for row in connection.execute(query.order_by(table.c.position)):
            found.setdefault(row.tip, []).append(Waiting(sealed=row.sealed, refused=row.state == "refused"))
    return found


def due(connection: Connection, now: int) -> list[Due]:
    """Give the answers to be sent now: of each tip only the oldest, so that they can't overtake one another.

    While a desk's new key is on its way, nothing else of that desk is sent.
    """
    table = tables.answer
    first = select(func.min(table.c.position)).where(table.c.state == "due").group_by(table.c.desk, table.c.tip)
    rows = connection.execute(select(table).where(table.c.state == "due", table.c.position.in_(first))).all()
    changing = {row.desk for row in rows if not row.tip}
    ready = (row for row in rows if row.sent_at <= now - AGAIN and (not row.tip or row.desk not in changing))
    return [Due(id=row.id, desk=row.desk, letter=row.letter) for row in ready]


def sent(unit: UnitOfWork, id_: bytes) -> None:
    """Say that the carrier has an answer."""
    unit.main.execute(update(tables.answer).where(tables.answer.c.id == id_).values(sent_at=unit.now))
