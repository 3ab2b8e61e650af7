"""What an officer remembers of the roster: its head, which they sign at each sign-in, and what they were shown of it.

The signed head lies in the key store; their browser and their copy of the desk's key remember it too. So whoever writes
to the databases can't take back what the roster says: at the next sign-in the officer signs the head that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, update

from satark.api import recipient_of
from satark.casework import (
    NotAllowed,
    RosterHead,
    is_statement_signed,
    officer_signer,
    own_head,
    read_heads,
    sign_head,
    sign_statement,
)
from satark_desk.desk_keys import open_desk_key, seal_desk_key
from satark_desk.tables import officer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from satark.casework import RosterState, Services, SignedHead, UnitOfWork
    from satark_desk.desk_keys import DeskKey, UnlockedDesk


MOST_NOTED = 3600
"""Characters of a head that a browser keeps in a cookie."""
_NOTE = b"roster-head\0"


class Recalled(msgspec.Struct, frozen=True):
    """What a comparison at sign-in found."""

    head: str
    """A `RosterHead`; empty if the officer has signed none yet."""
    is_lost: bool
    """Whether the roster lacks a head that this officer remembers."""
    noted: str = ""
    """What the officer's browser keeps from now on: the head, signed, with only the digest of too many tags.

    Empty: it keeps what it has.
    """


def recall(services: Services, by: UnlockedDesk, noted: str = "") -> Recalled:
    """Compare the roster with what the officer remembers, and sign its head, or else the head that it lacks.

    `noted`: what the officer's browser remembers.
    """
    checked = services.read_keys(services.roster.check)
    own, key = services.read_keys(lambda c: _own(c, by)), services.read(lambda c: _desk_key(c, by))
    beside = key.head if key else own.head
    remembered = own.remembered, _read_note(checked.state, noted), RosterHead.read(beside)
    lost = [one for one in remembered if one and not (one.is_in(checked.state) or one.hash in own.given_up.split())]
    if checked.lost and not lost:  # others miss a head: sign nothing before it is agreed on
        return Recalled(own.head, is_lost=False)
    present = RosterHead.of(checked.state)
    signed = (one.remembered for one in services.read_keys(read_heads))
    head = _as_one(lost, [*filter(None, remembered), *signed, present]) if lost else present
    if {own.head, beside} != {str(head)}:
        services.write_now(lambda unit: _sign(unit, by, own, head))
    return Recalled(str(head), is_lost=bool(lost), noted="" if lost else _note(by, head))


def agree(services: Services, by: UnlockedDesk) -> None:
    """Give up the heads that the roster lacks, which takes other officers too.

    The officer's own stays signed until then, and is replaced at their next sign-in.

    Raises:
        NotAllowed: heads of desks must agree first.
    """
    checked = services.read_keys(services.roster.check)
    if checked.lost and by.role != "head":
        raise NotAllowed("heads of desks must agree first", reason="heads_first")
    present = RosterHead.of(checked.state)
    by.casework(services).trail.record("roster_approved", detail=f"{present.position}:{present.hash}")
    own = services.read_keys(lambda c: _own(c, by))
    lost = {one.hash for one in (*checked.lost, own.remembered) if not one.is_in(checked.state)}
    head = own.remembered if own.remembered.hash in lost else present
    services.write_now(lambda unit: _sign(unit, by, own, head, lost))


def unseen_entries(services: Services, by: UnlockedDesk, state: RosterState) -> int:
    """Return how many of the roster's newest entries the officer was not shown."""
    shown = services.read_keys(lambda c: _own(c, by)).shown
    return state.position - state.positions.get(shown, 0)


def mark_shown(services: Services, by: UnlockedDesk, state: RosterState) -> None:
    """Sign that the officer was shown the roster's entries."""
    own = services.read_keys(lambda c: _own(c, by))
    if own.shown != state.head:
        head = own.remembered if own.head or state.lacks_heads else RosterHead.of(state)
        services.write_now(lambda unit: sign_head(unit, own, by.own_identity, head, shown=state.head))


def _note(by: UnlockedDesk, head: RosterHead) -> str:
    kept = str(head) if len(str(head)) <= MOST_NOTED else str(msgspec.structs.replace(head, tags=b""))
    signature = sign_statement(_NOTE + kept.encode(), by.own_identity)
    return ":".join((kept, officer_signer(by.own_identity), signature.hex()))


def _read_note(state: RosterState, note: str) -> RosterHead | None:
    """Return the head that a browser keeps; None unless an officer's key signed it: somebody may have made it up."""
    try:
        head, signer, signature = note.rsplit(":", 2)
        is_good = signer in state.signers and is_statement_signed(
            signer, bytes.fromhex(signature), _NOTE + head.encode()
        )
    except ValueError:
        return None
    return RosterHead.read(head) if is_good else None


def _as_one(lost: Sequence[RosterHead], known: Sequence[RosterHead]) -> RosterHead:
    """Return the newest lost head, which lists only whom all of them list."""
    listed = frozenset.intersection(*(one.with_tags_of(known).listed for one in lost))
    newest = max(lost, key=lambda one: one.position)
    return msgspec.structs.replace(newest, tags=b"".join(sorted(listed)))


def _own(keys: Connection, by: UnlockedDesk) -> SignedHead:
    return own_head(keys, by.desk.name, by.officer, by.own_identity)


def _desk_key(connection: Connection, by: UnlockedDesk) -> DeskKey | None:
    query = select(officer.c.desk_key).where(*_row_of(by)).with_for_update()
    sealed = connection.execute(query).scalar()
    return open_desk_key(sealed, by.desk.name, by.officer, by.own_identity) if sealed else None


def _sign(unit: UnitOfWork, by: UnlockedDesk, own: SignedHead, head: RosterHead, given_up: Iterable[str] = ()) -> None:
    sign_head(unit, own, by.own_identity, head, given_up=given_up)
    if key := _desk_key(unit.main, by):  # read again: the key may have changed meanwhile
        sealed = seal_desk_key(by.desk.name, by.officer, key.identity, recipient_of(by.own_identity), str(head))
        unit.main.execute(update(officer).where(*_row_of(by)).values(desk_key=sealed))


def _row_of(by: UnlockedDesk) -> tuple[ColumnElement[bool], ...]:
    return officer.c.desk == by.desk.name, officer.c.name == by.officer
