"""Officers: who can open a desk's key, and how a desk's key is made and changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from satark.desk import CaseworkError, Desk, Level
from satark.officer import Casework, add_desk, change_key, find_desk, may_hear_voices, narrow, widen
from satark.sealing import CantOpen, new_identity, open_as, recipient_of, seal
from satark_desk.keys import Wrapped, check_passphrase, pretend, unwrap, wrap
from satark_desk.tables import look, officer

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.services import Services
    from satark.transcriber import Transcriber

_LONGEST_NAME = 40


class WrongPassphrase(CaseworkError):  # noqa: N818 - it reads as what it says
    """No officer of that desk has this passphrase; or there is no such officer or desk, which is the same."""

    def __init__(self) -> None:
        super().__init__("desk, officer or passphrase is wrong")


class DeskKey(msgspec.Struct, frozen=True, kw_only=True):
    """A desk's key, as it is sealed to an officer. Desk and officer are checked on opening."""

    desk: str
    officer: str
    identity: str

    def __repr__(self) -> str:
        return "DeskKey(…)"


class Opened(msgspec.Struct, frozen=True):
    """A desk's key in the hands of an officer who gave the right passphrase."""

    desk: Desk
    officer: str
    identity: str
    may_listen: bool
    """Whether the officer may hear tipsters' voices."""

    def casework(self, services: Services, transcribers: Sequence[Transcriber] = ()) -> Casework:
        """Give the desk's casework in this officer's hands."""
        return Casework(
            services,
            self.desk.name,
            self.identity,
            officer=self.officer,
            may_listen=self.may_listen,
            transcribers=transcribers,
        )

    def __repr__(self) -> str:
        return f"Opened({self.desk.name}, {self.officer})"


class NewDesk(msgspec.Struct, frozen=True, kw_only=True):
    """A desk to be made, with its first officer."""

    name: str
    title: str
    level: Level
    area: str
    officer: str
    passphrase: str

    def __repr__(self) -> str:
        return f"NewDesk({self.name})"


def make_desk(services: Services, new: NewDesk) -> None:
    """Make a desk with a fresh key and its first officer, who heads it: they may hear tipsters' voices.

    Raises:
        CaseworkError: the name is taken or can't be.
        WeakPassphrase: the passphrase is too short.
    """
    recipient, identity = new_identity()
    desk = Desk(name=new.name, title=new.title, level=new.level, area=new.area, recipient=recipient)
    row = _officer_row(new.name, new.officer, identity, new.passphrase, may_listen=may_hear_voices(new.level))

    def write(unit: UnitOfWork) -> None:
        add_desk(unit, desk)
        unit.insert(officer, [row])

    services.write_now(write)


def officers_of(connection: Connection, desk: str) -> list[str]:
    """The names of a desk's officers."""
    query = select(officer.c.name).where(officer.c.desk == desk).order_by(officer.c.name)
    return list(connection.execute(query).scalars())


def unlock(services: Services, desk: str, name: str, passphrase: str) -> Opened:
    """Open a desk's key with one officer's passphrase. It takes equally long whatever is wrong.

    Raises:
        WrongPassphrase: desk, officer or passphrase is wrong.
    """
    query = select(officer).where(officer.c.desk == desk, officer.c.name == name)
    row = services.read(lambda c: c.execute(query).one_or_none())
    if row is None:
        pretend(passphrase)
        raise WrongPassphrase
    identity = _open(row, passphrase)
    if identity is None:
        raise WrongPassphrase
    return Opened(services.read(lambda c: find_desk(c, desk)), name, identity, row.may_listen)


def unlock_any(services: Services, desk: str, passphrase: str) -> Opened:
    """Open a desk's key with a passphrase, whichever of its officers it belongs to.

    Raises:
        WrongPassphrase: it belongs to none of them, or there is no such desk.
    """
    names = services.read(lambda c: officers_of(c, desk)) or [""]
    for name in names:
        try:
            return unlock(services, desk, name, passphrase)
        except WrongPassphrase:
            continue
    raise WrongPassphrase


def still_valid(services: Services, opened: Opened) -> bool:
    """Whether the officer is still one of the desk's, and the key still the desk's: neither was removed or changed."""
    query = select(officer.c.name).where(officer.c.desk == opened.desk.name, officer.c.name == opened.officer)
    if services.read(lambda c: c.execute(query).one_or_none()) is None:
        return False
    return services.read(lambda c: find_desk(c, opened.desk.name)).recipient == recipient_of(opened.identity)


def listeners_of(connection: Connection, desk: str) -> list[str]:
    """The names of a desk's officers who may hear tipsters' voices."""
    query = select(officer.c.name).where(officer.c.desk == desk, officer.c.may_listen).order_by(officer.c.name)
    return list(connection.execute(query).scalars())


def add_officer(services: Services, by: Opened, name: str, passphrase: str, *, may_listen: bool = False) -> None:
    """Let one more officer open the desk's key; `may_listen`: and hear tipsters' voices.

    Raises:
        CaseworkError: there is an officer of this name already, or the name can't be; or somebody who may not listen
            would let others listen.
        WeakPassphrase: the passphrase is too short.
    """
    if may_listen and not (by.may_listen and may_hear_voices(by.desk.level)):
        raise CaseworkError("only an officer who may listen, at a district's desk or above, lets another one listen")
    row = _officer_row(by.desk.name, name, by.identity, passphrase, may_listen=may_listen)
    if not services.write_now(lambda unit: unit.insert_new(officer, [row], "name")):
        raise CaseworkError("the desk has an officer of that name already")


def remove_officer(services: Services, by: Opened, name: str) -> None:
    """Remove an officer, and change the desk's key so that what they may have kept of it opens nothing new.

    Raises:
        CaseworkError: there is no such officer, or it is the one who asks (nobody could be left).
    """
    if name == by.officer:
        raise CaseworkError("an officer is removed by another officer of the desk")
    if name not in services.read(lambda c: officers_of(c, by.desk.name)):
        raise CaseworkError("the desk has no officer of that name")
    rotate(services, by, without=name)


def rotate(services: Services, by: Opened, *, without: str = "") -> None:
    """Give a desk a new key: its tips' envelopes and its officers' copies are sealed anew.

    Raises:
        KeyChanged: somebody else did so since the key was opened.
    """
    recipient, identity = new_identity()

    def begin(unit: UnitOfWork) -> None:
        widen(unit, by.desk.name, by.identity, recipient)
        change_key(unit, by.desk.name, by.identity, identity)
        _drop(unit, by.desk.name, without)
        _share(unit, by.desk.name, identity)

    services.write_now(begin)
    services.write_now(lambda unit: narrow(unit, by.desk.name, identity))


def _drop(unit: UnitOfWork, desk: str, name: str) -> None:
    unit.main.execute(delete(officer).where(officer.c.desk == desk, officer.c.name == name))
    unit.main.execute(delete(look).where(look.c.desk == desk, look.c.officer == name))


def _share(unit: UnitOfWork, desk: str, identity: str) -> None:
    query = select(officer.c.name, officer.c.recipient).where(officer.c.desk == desk)
    for name, recipient in unit.main.execute(query).all():
        key = seal(DeskKey(desk=desk, officer=name, identity=identity), recipient)
        unit.main.execute(update(officer).where(officer.c.desk == desk, officer.c.name == name).values(desk_key=key))


def _officer_row(desk: str, name: str, identity: str, passphrase: str, *, may_listen: bool) -> dict[str, object]:
    if not name.isprintable() or not name.strip() or len(name) > _LONGEST_NAME:
        raise CaseworkError(f"an officer's name is up to {_LONGEST_NAME} visible characters")
    check_passphrase(passphrase)
    recipient, own = new_identity()
    wrapped = wrap(own, passphrase, _place(desk, name))
    key = seal(DeskKey(desk=desk, officer=name, identity=identity), recipient)
    own_row = {"desk": desk, "name": name, "recipient": recipient, "desk_key": key, "may_listen": may_listen}
    return {**own_row, **msgspec.structs.asdict(wrapped)}


def _open(row: Row[tuple[object, ...]], passphrase: str) -> str | None:
    wrapped = Wrapped(wrapped=row.wrapped, salt=row.salt, memory_kib=row.memory_kib, passes=row.passes, lanes=row.lanes)
    own = unwrap(wrapped, passphrase, _place(row.desk, row.name))
    if own is None:
        return None
    try:
        key = open_as(DeskKey, row.desk_key, own)
    except CantOpen:
        return None
    return key.identity if (key.desk, key.officer) == (row.desk, row.name) else None


def _place(desk: str, name: str) -> str:
    return f"satark/1/officer/{desk}/{name}"
