"""The rows of desks: list and add them, and change a desk's key. What counts is the roster: `Services.desks`."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update

from satark.api.routing import LEVELS, CaseworkError, Desk, DeskExists, DestinationRule, KeyChanged
from satark.api.sealing import recipient_of
from satark.roster.chain import append, close
from satark.roster.entries import DeskAdded, DestinationSet, Entry, KeyChange, RosterOfficer
from satark.roster.roster import Roster
from satark.roster.rules import DESK_NAME
from satark.roster.state import RosterState
from satark.routing.tip_keys import renew_tip_keys
from satark.store import envelopes, tables
from satark.store.changed_keys import AT_ONCE
from satark.store.unit_of_work import UnitOfWork
from satark_words.geography.geography import Geography


def stored_desks(connection: Connection) -> list[Desk]:
    """Return the rows, by name, only to compare them with the roster."""
    return [Desk(**row) for row in connection.execute(_ALL).mappings()]


def lock_desks(unit: UnitOfWork) -> None:
    """Let no desk change its key until the commit."""
    unit.main.execute(_LOCKED)


def lock_desk(unit: UnitOfWork, name: str) -> None:
    """Let nobody else change this desk's key, or begin to, until the commit."""
    unit.main.execute(select(tables.desk.c.name).where(tables.desk.c.name == name).with_for_update())


def add_desk(
    unit: UnitOfWork,
    desk: Desk,
    *,
    verifier: str = "",
    officers: Sequence[RosterOfficer] = (),
    entry: Entry | None = None,
) -> None:
    """Add a desk, to the roster too. `entry`: the signed entry, once the roster is sealed.

    `verifier`: Ed25519 public key (hex) that verifies the desk's signatures; empty: its key can't be changed.

    Raises:
        DeskExists: a desk has this name.
        NotAllowed: the roster does not allow it.
        CaseworkError: its name or level is invalid.
    """
    _check_name(desk)
    if not unit.insert_new(tables.desk, [msgspec.structs.asdict(desk)], "name"):
        raise DeskExists
    append(unit, entry or Entry(body=DeskAdded(desk=desk, verifier=verifier, officers=tuple(officers))))


def check_desk(desk: Desk, geography: Geography) -> None:
    """Check a new desk's name, level and area.

    Raises:
        CaseworkError: one of them is invalid.
    """
    _check_name(desk)
    if desk.area and desk.area not in areas_of(desk.level, geography):
        raise CaseworkError(f"the geography has no {desk.level} {desk.area!r}: see docs/geography.md")


def areas_of(level: str, geography: Geography) -> set[str]:
    """Return the codes of the areas that a desk of this level may have; a state's desk is for everywhere."""
    match level:
        case "outpost":
            return {outpost.code for station in geography.stations() for outpost in station.outposts}
        case "station":
            return {station.code for station in geography.stations()}
        case "circle":
            return {station.circle for station in geography.stations()}
        case "district":
            return {district.code for district in geography.districts}
        case "range":
            return {district.range for district in geography.districts}
        case _:
            return set()


def _check_name(desk: Desk) -> None:
    if not DESK_NAME.fullmatch(desk.name):
        raise CaseworkError("a desk's name is up to 40 lower-case letters, digits, - and _")
    if desk.level not in LEVELS:
        raise CaseworkError(f"a desk's level is one of {', '.join(LEVELS)}")


def change_key(
    unit: UnitOfWork, roster: Roster, entry: Entry, old: str, new: str, *, rules: Sequence[DestinationRule] = ()
) -> None:
    """Change a desk's key: in the roster, in the list of desks, and for all its tips, which get new keys too.

    Whoever knows only earlier keys can open nothing that is sealed from now on, not even in old tips. Before this
    is committed, store the new identity durably for the desk's officers, together with the old one; keep the old one
    until `satark.casework.renew_tips` has ended.

    Raises:
        KeyChanged: the identity `old` is not the desk's present key.
        NotAllowed: the roster does not allow the signed entry, whose body is a `KeyChange` to the identity `new`.
    """
    change = entry.body
    if not isinstance(change, KeyChange):
        raise TypeError(change)
    lock_desk(unit, change.desk)  # otherwise the later one would seal to a key that is no longer used
    listed = roster.check(unit.keys, committed=False).state.desks.get(change.desk)
    if listed is None or listed.desk.recipient != recipient_of(old):
        raise KeyChanged
    append(unit, entry)
    finish_key_change(unit, roster.check(unit.keys, committed=False).state, change.desk, f"{new}\n{old}", rules)


def finish_key_change(
    unit: UnitOfWork, state: RosterState, desk: str, identities: str, rules: Sequence[DestinationRule] = ()
) -> None:
    """Complete a change of a desk's key that is in the roster already, also after a crash.

    `identities`: the new identity, then the one before, one a line. If there are more tips than one transaction should
    renew, their keys are left to `satark.casework.renew_tips`.

    Raises:
        KeyChanged: the roster lists another key of the desk than the new one.
    """
    recipient = state.desks[desk].desk.recipient
    if recipient != recipient_of(identities.split(maxsplit=1)[0]):
        raise KeyChanged
    unit.main.execute(update(tables.desk).where(tables.desk.c.name == desk).values(recipient=recipient))
    if len(envelopes.stored_tips(unit.main, unit.keys, desk)) <= AT_ONCE:
        renew_tip_keys(unit, state, desk, identities, rules)


def close_roster(unit: UnitOfWork, rules: Sequence[DestinationRule]) -> None:
    """End the founding in this transaction, unless it has ended: from here on the roster's entries need signatures."""
    listed = [DestinationSet(to=one.to, desk=one.desk, recipient=one.recipient, verifier=one.verifier) for one in rules]
    close(unit, [one for one in listed if one.recipient])


_ALL = select(tables.desk).order_by(tables.desk.c.name)
_LOCKED = _ALL.with_for_update(read=True)
