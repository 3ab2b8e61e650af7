"""Which desks are in an office of their own (at the host), and which host an office belongs to (at the office)."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from satark.desk import CaseworkError, Desk, NoSuchDesk
from satark.redacted import Redacted
from satark.remote.link_keys import HostCard, LinkCard, OfficeCard
from satark.remote.messages import DirectoryMessage, NewKey
from satark.remote.office_outbox import host_of
from satark.routing.desks import add_desk, all_desks
from satark.routing.destinations import to_tell
from satark.store import deliveries, tables
from satark.store.unit_of_work import UnitOfWork


class Office(Redacted, frozen=True, kw_only=True):
    """A desk's office, as the host knows it."""

    desk: str
    link: LinkCard
    answers: str
    """Ed25519 key (hex) of the desk's answers. Empty: only a copy goes there, and no answer is taken from there."""


class AlreadyJoined(CaseworkError):  # noqa: N818 - it reads as what it says
    """An office belongs to one host."""

    def __init__(self) -> None:
        super().__init__("this office belongs to another host already")


def register(unit: UnitOfWork, desk: Desk, card: OfficeCard) -> None:
    """Add a desk that is in an office of its own; `desk.via` is the sink that reaches it.

    Raises:
        CaseworkError: there is a desk of this name, or its name or level can't be.
    """
    add_desk(unit, desk)
    row = {"desk": desk.name, "recipient": card.link.recipient, "verifier": card.link.verifier}
    unit.insert(tables.office, [{**row, "answers": card.answers}])


def change_key(unit: UnitOfWork, desk: str, key: NewKey) -> None:
    """Seal new tips to the new key of a desk that is elsewhere, and take its answers under it."""
    unit.main.execute(update(tables.desk).where(tables.desk.c.name == desk).values(recipient=key.recipient))
    unit.main.execute(update(tables.office).where(tables.office.c.desk == desk).values(answers=key.answers))


def office_of(connection: Connection, desk: str) -> Office | None:
    """Give a desk's office; None where it has none of its own."""
    row = connection.execute(select(tables.office).where(tables.office.c.desk == desk)).one_or_none()
    if row is None:
        return None
    return Office(desk=desk, link=LinkCard(recipient=row.recipient, verifier=row.verifier), answers=row.answers)


def copy_of(connection: Connection, desk: str) -> Office | None:
    """Give the address of a desk's copies, which nobody but its officers opens; None where there is no such desk."""
    found = next((one for one in all_desks(connection) if one.name == desk), None)
    return Office(desk=desk, link=LinkCard(recipient=found.recipient, verifier=""), answers="") if found else None


def desks_via(connection: Connection, sink: str) -> list[str]:
    """The desks that a sink brings tips to."""
    return [desk.name for desk in all_desks(connection) if desk.via == sink]


def resend(unit: UnitOfWork, desk: str) -> int:
    """Have everything sent once more to a desk's office, files and all; give how many tips.

    Raises:
        NoSuchDesk: the desk has no office of its own.
    """
    if office_of(unit.main, desk) is None:
        raise NoSuchDesk
    unit.main.execute(delete(tables.sent).where(tables.sent.c.desk == desk))
    tips = unit.keys.execute(select(tables.envelope.c.tip).where(tables.envelope.c.desk == desk)).scalars().all()
    for tip in tips:
        deliveries.renew(unit, tip, offices_only=True)
    return len(tips)


def join(unit: UnitOfWork, card: HostCard) -> None:
    """Make this store an office's, which belongs to the host of this card.

    Raises:
        AlreadyJoined: it belongs to another.
    """
    present = host_of(unit.main)
    if present is not None and present != card.link:
        raise AlreadyJoined
    if present is None:
        row = {
            "recipient": card.link.recipient,
            "verifier": card.link.verifier,
            "directory": 0,
            "destination_rules": to_tell(()),
        }
        unit.insert(tables.uplink, [row])


def keep_directory(unit: UnitOfWork, letter: DirectoryMessage, own: set[str]) -> None:
    """Take over the host's desks, as those that a tip may be directed to; nothing is known of own desks' keys there."""
    newer = update(tables.uplink).where(tables.uplink.c.directory < letter.version)
    if not unit.main.execute(
        newer.values(directory=letter.version, destination_rules=letter.destination_rules)
    ).rowcount:
        return
    table = tables.desk
    others = [line for line in letter.desks if line.name not in own]
    unit.main.execute(delete(table).where(table.c.name.not_in(own)))
    rows = [{"name": o.name, "title": o.title, "level": o.level, "area": o.area} for o in others]
    unit.insert(table, [{**row, "recipient": o.recipient, "via": "host"} for row, o in zip(rows, others, strict=True)])
    for line in letter.desks:
        if line.name in own:
            named = update(table).where(table.c.name == line.name)
            unit.main.execute(named.values(title=line.title, level=line.level, area=line.area))
