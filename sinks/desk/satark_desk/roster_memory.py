"""An officer's memory of the roster: its head, which they sign at each sign-in, and the entries that they were shown.

The signed head is in the key store. A note of it is in their browser and in their copy of the desk's key. So an
attacker who writes to the databases can't revert the roster: the next sign-in restores the note.
"""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, select, update

from satark.api import recipient_of
from satark.casework import (
    MOST_NOTED,
    NotAllowed,
    RosterHead,
    RosterState,
    Services,
    SignedHead,
    UnitOfWork,
    own_head,
    read_heads,
    read_note,
    restore,
    sign_head,
)
from satark_desk.desk_keys import DeskKey, UnlockedDesk, open_desk_key, seal_desk_key
from satark_desk.tables import officer


class Recalled(msgspec.Struct, frozen=True):
    """The result of comparing the roster with an officer's memory."""

    head: str
    """A `RosterHead`; empty if the officer has signed none yet."""
    is_lost: bool
    """Whether the roster lacks a head that this officer remembers."""
    noted: str = ""
    """The note that the officer's browser must keep; empty: the browser keeps its present one."""


def recall(services: Services, by: UnlockedDesk, noted: str = "", *, shown: str = "") -> Recalled:
    """Compare the roster with what the officer remembers, and sign its head, or else the head that it lacks.

    `noted`: the note in the officer's browser. Others' signed heads in it are stored again. `shown`: the hash of the
    newest entry that the officer was shown.
    """
    key = services.read(lambda c: _desk_key(c, by))
    notes = [*read_note(noted), *read_note(key.note if key else "")]
    if set(notes).difference(services.read_keys(read_heads)):
        state = services.roster_state()
        services.write_now(lambda unit: restore(unit, notes, state))
    checked = services.read_keys(services.roster.check)
    own = services.read_keys(lambda c: _own(c, by))
    heads = [one.remembered for one in (own, *notes) if one.signer == own.signer]
    lost = [one for one in heads if not (one.is_in(checked.state) or one.hash in own.given_up.split())]
    if not lost and (checked.state.lacks_heads or own.remembered in checked.lost):  # sign nothing before heads agree
        return Recalled(own.head, is_lost=False)
    others = services.read_keys(read_heads)
    head = _as_one(lost, [*heads, *(one.remembered for one in others)]) if lost else RosterHead.of(checked.state)
    shown = own.shown if lost else shown or own.shown
    if own.head != str(head) or own.shown != shown:
        own = services.write_now(lambda unit: sign_head(unit, own, by.own_identity, head, shown=shown))
    if key and key.note != own.noted(others):
        services.write_now(lambda unit: _keep(unit, by, own.noted(others)))
    return Recalled(own.head, is_lost=bool(lost), noted="" if lost else own.noted(others, MOST_NOTED))


def lost_heads(services: Services, by: UnlockedDesk) -> frozenset[str]:
    """Return the hashes of heads that the roster lacks: those that count, and those that this officer signed."""
    checked = services.read_keys(services.roster.check)
    own = services.read_keys(lambda c: _own(c, by)).remembered
    return frozenset(one.hash for one in (*checked.lost, own) if not one.is_in(checked.state))


def agree(services: Services, by: UnlockedDesk, named: Collection[str]) -> None:
    """Give up the heads that the roster lacks. Other officers must agree too.

    Until then the officer's own head stays signed. It is replaced at their next sign-in.

    `named`: the hashes (`lost_heads`) that the officer was shown.

    Raises:
        NotAllowed: heads of desks must agree first, or the roster now lacks another head.
    """
    checked = services.read_keys(services.roster.check)
    if checked.lost and by.role != "head":
        raise NotAllowed("heads of desks must agree first", reason="heads_first")
    lost = lost_heads(services, by)
    if not lost.issubset(named):
        raise NotAllowed("the roster changed meanwhile: try again", reason="changed")
    present = RosterHead.of(checked.state)
    by.casework(services).trail.record("roster_approved", detail=f"{present.position}:{present.hash}")
    own = services.read_keys(lambda c: _own(c, by))
    head = own.remembered if own.remembered.hash in lost else present
    services.write_now(lambda unit: sign_head(unit, own, by.own_identity, head, given_up=lost))


def unseen_entries(services: Services, by: UnlockedDesk, state: RosterState) -> int:
    """Return the number of listed entries of the roster, from the newest back, that the officer was not shown."""
    shown = state.positions.get(services.read_keys(lambda c: _own(c, by)).shown, 0)
    return state.position - shown - sum(one > shown for one in state.unlisted)


def note_of(keys: Connection, by: UnlockedDesk) -> str:
    """Return the note of the head that an officer signed last, for copies of the desk's key."""
    return _own(keys, by).noted(read_heads(keys))


def _as_one(lost: Sequence[RosterHead], known: Sequence[RosterHead]) -> RosterHead:
    """Return the newest lost head, reduced to the readers that all lost heads list."""
    whole = [one.with_tags_of(known) for one in lost]
    newest, listed = max(whole, key=lambda one: one.position), frozenset.intersection(*(one.listed for one in whole))
    return newest if newest.listed == listed else newest.listing(b"".join(sorted(listed)))


def _own(keys: Connection, by: UnlockedDesk) -> SignedHead:
    return own_head(keys, by.desk.name, by.officer, by.own_identity)


def _desk_key(connection: Connection, by: UnlockedDesk) -> DeskKey | None:
    sealed = connection.execute(select(officer.c.desk_key).where(*_row_of(by))).scalar()
    return open_desk_key(sealed, by.desk.name, by.officer, by.own_identity) if sealed else None


def _keep(unit: UnitOfWork, by: UnlockedDesk, note: str) -> None:
    unit.main.execute(select(officer.c.name).where(*_row_of(by)).with_for_update())
    if key := _desk_key(unit.main, by):  # read again: the key may have changed meanwhile
        sealed = seal_desk_key(by.desk.name, by.officer, key.identity, recipient_of(by.own_identity), note)
        unit.main.execute(update(officer).where(*_row_of(by)).values(desk_key=sealed))


def _row_of(by: UnlockedDesk) -> tuple[ColumnElement[bool], ...]:
    return officer.c.desk == by.desk.name, officer.c.name == by.officer
