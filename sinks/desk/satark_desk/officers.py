"""Officers: create desks and officers, unlock a desk with a passphrase, and change a desk's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from satark.desk import CaseworkError, Desk, Level
from satark.officer import (
    Casework,
    add_desk,
    begin_key_change,
    end_key_change,
    find_desk,
    may_hear_voices,
    queue_key_change,
)
from satark.sealing import CantOpen, new_identity, open_as, recipient_of, seal
from satark_desk.passphrase_strength import check_passphrase
from satark_desk.passphrases import WrappedKey, unwrap, unwrap_nothing, wrap
from satark_desk.tables import known_browser, officer, read_state, recovery, second_factor

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.services import Services
    from satark.transcriber import Transcriber

_MAX_NAME = 40


class WrongPassphrase(CaseworkError):  # noqa: N818 - it reads as what it says
    """Desk, officer or passphrase is wrong; which of them is not revealed."""

    def __init__(self) -> None:
        super().__init__("desk, officer or passphrase is wrong")


class DeskKey(msgspec.Struct, frozen=True, kw_only=True):
    """A desk's private key as it is sealed to an officer. Desk and officer are checked when it is opened."""

    desk: str
    officer: str
    identity: str

    def __repr__(self) -> str:
        return "DeskKey(…)"


class UnlockedDesk(msgspec.Struct, frozen=True):
    """A desk's private key, unlocked by an officer's passphrase."""

    desk: Desk
    officer: str
    identity: str
    may_listen: bool
    """Whether the officer may hear tipsters' voices."""
    own_identity: str
    """The officer's own private key."""
    temporary: bool = False
    """Whether somebody else knows the passphrase: the pages ask for one of their own before anything else."""

    def casework(self, services: Services, transcribers: Sequence[Transcriber] = ()) -> Casework:
        """Return the desk's casework, on behalf of this officer."""
        return Casework(
            services,
            self.desk.name,
            self.identity,
            officer=self.officer,
            may_listen=self.may_listen,
            transcribers=transcribers,
        )

    def __repr__(self) -> str:
        return f"UnlockedDesk({self.desk.name}, {self.officer})"


class NewDesk(msgspec.Struct, frozen=True, kw_only=True):
    """A desk to create, with its first officer."""

    name: str
    title: str
    level: Level
    area: str
    officer: str
    passphrase: str
    temporary: bool = False
    """Whether somebody else than the officer set the passphrase."""

    def __repr__(self) -> str:
        return f"NewDesk({self.name})"


def make_desk(services: Services, new: NewDesk) -> None:
    """Create a desk with a new key and its first officer.

    At a district's desk or above this officer, who heads the desk, may hear tipsters' voices.

    Raises:
        CaseworkError: the name is invalid or exists already.
        WeakPassphrase: the passphrase is too easy to guess.
    """
    recipient, identity = new_identity()
    desk = Desk(name=new.name, title=new.title, level=new.level, area=new.area, recipient=recipient)
    check_passphrase(new.passphrase, (new.name, new.title, new.officer), services.geography)
    row = _officer_row(new.name, new.officer, identity, new.passphrase)
    row |= {"may_listen": may_hear_voices(new.level), "temporary": new.temporary}

    def write(unit: UnitOfWork) -> None:
        add_desk(unit, desk)
        unit.insert(officer, [row])

    services.write_now(write)


def officers_of(connection: Connection, desk: str) -> list[str]:
    """Return the names of a desk's officers."""
    query = select(officer.c.name).where(officer.c.desk == desk).order_by(officer.c.name)
    return list(connection.execute(query).scalars())


def unlock(services: Services, desk: str, name: str, passphrase: str) -> UnlockedDesk:
    """Unlock a desk with one officer's passphrase. It takes equally long whatever is wrong.

    Raises:
        WrongPassphrase: desk, officer or passphrase is wrong.
    """
    query = select(officer).where(officer.c.desk == desk, officer.c.name == name)
    row = services.read(lambda c: c.execute(query).one_or_none())
    if row is None:
        unwrap_nothing(passphrase)
        raise WrongPassphrase
    own = unwrap(wrapped_key(row), passphrase, key_context(desk, name))
    identity = _open_desk_key(row, own) if own else None
    if own is None or identity is None:
        raise WrongPassphrase
    found = services.read(lambda c: find_desk(c, desk))
    return UnlockedDesk(found, name, identity, row.may_listen, own, row.temporary)


def unlock_any(services: Services, desk: str, passphrase: str) -> UnlockedDesk:
    """Unlock a desk with the passphrase of any of its officers.

    Raises:
        WrongPassphrase: it is no officer's passphrase, or there is no such desk.
    """
    names = services.read(lambda c: officers_of(c, desk)) or [""]
    for name in names:
        try:
            return unlock(services, desk, name, passphrase)
        except WrongPassphrase:
            continue
    raise WrongPassphrase


def still_valid(services: Services, unlocked: UnlockedDesk) -> bool:
    """Return whether neither the officer's key nor the desk's has changed, nor the officer been removed, since then."""
    query = select(officer.c.recipient).where(officer.c.desk == unlocked.desk.name, officer.c.name == unlocked.officer)
    if services.read(lambda c: c.execute(query).scalar_one_or_none()) != recipient_of(unlocked.own_identity):
        return False
    return services.read(lambda c: find_desk(c, unlocked.desk.name)).recipient == recipient_of(unlocked.identity)


def listeners_of(connection: Connection, desk: str) -> list[str]:
    """Return the names of a desk's officers who may hear tipsters' voices."""
    query = select(officer.c.name).where(officer.c.desk == desk, officer.c.may_listen).order_by(officer.c.name)
    return list(connection.execute(query).scalars())


def add_officer(
    services: Services,
    by: UnlockedDesk,
    name: str,
    passphrase: str,
    *,
    may_listen: bool = False,
    temporary: bool = False,
) -> None:
    """Add an officer to a desk.

    Args:
        services: the store.
        by: the desk, unlocked by another officer.
        name: the officer's name.
        passphrase: the officer's passphrase.
        may_listen: they may hear tipsters' voices.
        temporary: somebody else than the officer set the passphrase.

    Raises:
        CaseworkError: the name is invalid or exists already, or `by` may not give the permission to listen.
        WeakPassphrase: the passphrase is too easy to guess.
    """
    if may_listen and not (by.may_listen and may_hear_voices(by.desk.level)):
        raise CaseworkError("only an officer who may listen, at a district's desk or above, can give that permission")
    check_passphrase(passphrase, (by.desk.name, by.desk.title, name), services.geography)
    row = _officer_row(by.desk.name, name, by.identity, passphrase)
    row |= {"may_listen": may_listen, "temporary": temporary}
    if not services.write_now(lambda unit: unit.insert_new(officer, [row], "name")):
        raise CaseworkError("the desk has an officer of that name already")


def remove_officer(services: Services, by: UnlockedDesk, name: str) -> None:
    """Remove an officer, and change the desk's key, so that a copy of the old key opens nothing new.

    Raises:
        CaseworkError: there is no such officer, or it is `by`: the last officer can't be removed.
    """
    if name == by.officer:
        raise CaseworkError("an officer must be removed by another officer of the desk")
    if name not in services.read(lambda c: officers_of(c, by.desk.name)):
        raise CaseworkError("the desk has no officer of that name")
    rotate(services, by, without=name)


def rotate(services: Services, by: UnlockedDesk, *, without: str = "") -> None:
    """Change a desk's key: seal its tips' envelopes and its officers' copies of the key to the new one.

    Args:
        services: the store.
        by: the desk, unlocked.
        without: the name of an officer to remove.

    Raises:
        KeyChanged: the key was changed since the desk was unlocked.
    """
    recipient, identity = new_identity()

    def begin(unit: UnitOfWork) -> None:
        begin_key_change(unit, by.desk.name, by.identity, recipient)
        queue_key_change(unit, by.desk.name, by.identity, identity)
        _delete_officer(unit, by.desk.name, without)
        _seal_to_officers(unit, by.desk.name, identity)

    services.write_now(begin)
    services.write_now(lambda unit: end_key_change(unit, by.desk.name, identity))


def _delete_officer(unit: UnitOfWork, desk: str, name: str) -> None:
    unit.main.execute(delete(officer).where(officer.c.desk == desk, officer.c.name == name))
    for table in (read_state, known_browser, second_factor, recovery):
        unit.main.execute(delete(table).where(table.c.desk == desk, table.c.officer == name))


def _seal_to_officers(unit: UnitOfWork, desk: str, identity: str) -> None:
    query = select(officer.c.name, officer.c.recipient).where(officer.c.desk == desk)
    for name, recipient in unit.main.execute(query).all():
        key = seal_desk_key(desk, name, identity, recipient)
        unit.main.execute(update(officer).where(officer.c.desk == desk, officer.c.name == name).values(desk_key=key))


def _officer_row(desk: str, name: str, identity: str, passphrase: str) -> dict[str, object]:
    if not name.isprintable() or not name.strip() or len(name) > _MAX_NAME:
        raise CaseworkError(f"an officer's name has 1 to {_MAX_NAME} printable characters")
    return {"desk": desk, "name": name, **new_officer_key(desk, name, identity, passphrase)}


def new_officer_key(desk: str, name: str, identity: str, passphrase: str) -> dict[str, object]:
    """Make a key pair for an officer, encrypted with a passphrase, and seal the desk's private key to it.

    Returns:
        The columns of the officer's row that depend on it.
    """
    recipient, own = new_identity()
    wrapped = wrap(own, passphrase, key_context(desk, name))
    return {
        "recipient": recipient,
        "desk_key": seal_desk_key(desk, name, identity, recipient),
        **msgspec.structs.asdict(wrapped),
    }


def seal_desk_key(desk: str, name: str, identity: str, recipient: str) -> bytes:
    """Seal a desk's private key to an officer."""
    return seal(DeskKey(desk=desk, officer=name, identity=identity), recipient)


def wrapped_key(row: Row[tuple[object, ...]]) -> WrappedKey:
    """Return a row's private key, as it is encrypted."""
    return WrappedKey(wrapped=row.wrapped, salt=row.salt, memory_kib=row.memory_kib, passes=row.passes, lanes=row.lanes)


def key_context(desk: str, name: str) -> str:
    """Return the context of an officer's private key: only in this officer's row can it be decrypted."""
    return f"satark/1/officer/{desk}/{name}"


def _open_desk_key(row: Row[tuple[object, ...]], own: str) -> str | None:
    try:
        key = open_as(DeskKey, row.desk_key, own)
    except CantOpen:
        return None
    return key.identity if (key.desk, key.officer) == (row.desk, row.name) else None
