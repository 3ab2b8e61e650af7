"""The desks: list, find and add them, and change a desk's key."""

from __future__ import annotations

import re

from sqlalchemy import Connection, Row, select, update

from satark.desk import LEVELS, CaseworkError, Desk, DeskExists, KeyChanged, NoSuchDesk
from satark.identity.sealing import CantOpen, open_envelope, recipient_of, seal
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def all_desks(connection: Connection) -> list[Desk]:
    """Return every desk, by name."""
    return [_desk(row) for row in connection.execute(select(tables.desk).order_by(tables.desk.c.name))]


def find_desk(connection: Connection, name: str) -> Desk:
    """Return the desk of this name.

    Raises:
        NoSuchDesk: there is none.
    """
    row = connection.execute(select(tables.desk).where(tables.desk.c.name == name)).one_or_none()
    if row is None:
        raise NoSuchDesk
    return _desk(row)


def add_desk(unit: UnitOfWork, desk: Desk) -> None:
    """Add a desk.

    Raises:
        DeskExists: there is a desk of this name.
        CaseworkError: its name or level is invalid.
    """
    if not _NAME.fullmatch(desk.name):
        raise CaseworkError("a desk's name is up to 40 lower-case letters, digits, - and _")
    if desk.level not in LEVELS:
        raise CaseworkError(f"a desk's level is one of {', '.join(LEVELS)}")
    if not unit.insert_new(tables.desk, [_row(desk)], "name"):
        raise DeskExists


def begin_key_change(unit: UnitOfWork, desk: str, identity: str, recipient: str) -> None:
    """Begin a change of a desk's key: reseal its envelopes to the old and the new key, and new tips to the new one.

    The key store is committed before the main database. Resealing to the new key alone could, after a crash between
    the two commits, leave envelopes that only a forgotten key opens. Call `end_key_change` in the next transaction.

    Raises:
        KeyChanged: `identity` is not the desk's present key.
    """
    _reseal(unit, desk, identity, recipient_of(identity), recipient)
    unit.main.execute(update(tables.desk).where(tables.desk.c.name == desk).values(recipient=recipient))


def end_key_change(unit: UnitOfWork, desk: str, identity: str) -> None:
    """End a change of a desk's key: reseal its envelopes to the present key alone.

    Raises:
        KeyChanged: `identity` is not the desk's present key.
    """
    _reseal(unit, desk, identity, recipient_of(identity))


def _reseal(unit: UnitOfWork, desk: str, identity: str, *recipients: str) -> None:
    # The lock serializes changes of the same key: otherwise the later one would seal to a key that is no longer used.
    locked = select(tables.desk.c.recipient).where(tables.desk.c.name == desk).with_for_update()
    if unit.main.execute(locked).scalar() != recipient_of(identity):
        raise KeyChanged
    table = tables.envelope
    for row in unit.keys.execute(select(table.c.tip, table.c.sealed).where(table.c.desk == desk)).all():
        try:
            envelope = open_envelope(row.sealed, identity, tip=row.tip, desk=desk)
        except CantOpen:
            continue  # forged or damaged: leave it as it is for an investigation
        unit.upsert(table, [{"tip": row.tip, "desk": desk, "sealed": seal(envelope, *recipients)}])


def _row(desk: Desk) -> dict[str, str]:
    return {
        "name": desk.name,
        "title": desk.title,
        "level": desk.level,
        "area": desk.area,
        "recipient": desk.recipient,
        "via": desk.via,
    }


def _desk(row: Row[tuple[str, str, str, str, str, str]]) -> Desk:
    return Desk(name=row.name, title=row.title, level=row.level, area=row.area, recipient=row.recipient, via=row.via)
