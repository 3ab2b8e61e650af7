"""At an office: what its officers write is kept here until the host has sent it back in the tip's thread."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, func, select, update

from satark.casework.cases import CaseworkError
from satark.casework.thread import chunks
from satark.office.cells import BODY
from satark.office.keys import LinkCard, answer_key
from satark.office.letters import ANSWER_DOMAIN, Answer, AnswerLetter, Directed, encode
from satark.sealing import seal
from satark.store import tables
from satark.tip import Message

if TYPE_CHECKING:
    from satark.store.unit import UnitOfWork

AGAIN = 30
"""Seconds after which an answer that the host has not sent back is sent again."""


class TooLong(CaseworkError):  # noqa: N818 - it reads as what it says
    """A text is longer than one cell."""

    def __init__(self) -> None:
        super().__init__("the text is too long")


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


def new_answer(desk: str, tip: str, message: Message, recipients: Iterable[str], directed: Directed | None) -> Answer:
    """Make an answer of a message of this desk's."""
    return Answer(
        id=os.urandom(16),
        desk=desk,
        tip=tip,
        sealed=seal(message, *recipients),
        internal=message.internal,
        directed=directed,
    )


def write_up(unit: UnitOfWork, answer: Answer, identity: str) -> None:
    """Sign an answer, and keep it for the host; `identity` is the opened desk's.

    Raises:
        TooLong: it does not fit into a cell.
    """
    encoded = encode(answer)
    letter = encode(AnswerLetter(answer=encoded, signature=answer_key(identity).sign(ANSWER_DOMAIN + encoded)))
    if len(letter) > BODY:
        raise TooLong
    row = {"id": answer.id, "desk": answer.desk, "tip": answer.tip, "sealed": answer.sealed, "letter": letter}
    unit.insert(tables.answer, [{**row, "position": time.time_ns(), "state": "due", "sent_at": 0}])


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
    """Give the answers to be sent now: of each tip only the oldest, so that they can't overtake one another."""
    table = tables.answer
    first = select(func.min(table.c.position)).where(table.c.state == "due").group_by(table.c.tip)
    query = select(table).where(table.c.state == "due", table.c.position.in_(first), table.c.sent_at <= now - AGAIN)
    return [Due(id=row.id, desk=row.desk, letter=row.letter) for row in connection.execute(query)]


def sent(unit: UnitOfWork, id_: bytes) -> None:
    """Say that the carrier has an answer."""
    unit.main.execute(update(tables.answer).where(tables.answer.c.id == id_).values(sent_at=unit.now))
