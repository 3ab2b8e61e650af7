"""Recovery: an officer who lost a passphrase or a second factor gets a new key, with another officer's approval.

The officer chooses the new passphrase on their own machine, and gets a code. The officer tells the code, face to face
or by a call, to another officer of the desk. That other officer signs in and approves by typing the code. Neither
officer sees the other's passphrase. Whoever runs the service can't approve, since they have no copy of the desk's key.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select

from satark.api import CaseworkError, new_identity
from satark.casework import OfficerSet, UnitOfWork, officer_signer
from satark_desk.desk_keys import key_context
from satark_desk.passphrases import wrap
from satark_desk.roster_changes import RosterAttachment, Submitted, submit
from satark_desk.tables import officer, recovery

if TYPE_CHECKING:
    from satark.casework import Services
    from satark_desk.desk_keys import UnlockedDesk

EXPIRES_AFTER: Final = 24 * 3600
"""Seconds after which a request expires."""
MOST_REQUESTS: Final = 50
"""Most requests that are kept for one officer; the newest are kept. The number is high, so that a stranger's requests
do not soon displace the officer's own.
"""
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


class NoSuchRecovery(CaseworkError):  # noqa: N818 - it reads as what it says
    """No request of that officer has this code, or the request is a day old."""

    def __init__(self) -> None:
        super().__init__("no officer of the desk has asked with this code within a day")


class RecoveryRequest(msgspec.Struct, frozen=True):
    """An officer who waits for approval."""

    officer: str
    asked: int
    """Time of the newest request, Unix seconds."""


def ask_for_recovery(services: Services, desk: str, name: str, passphrase: str) -> str:
    """Store a request with a new key under the new passphrase; return its code: eight characters, 40 random bits.

    For an officer who does not exist, do the same work and store nothing.
    """
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    recipient, own = new_identity()
    wrapped = wrap(own, passphrase, key_context(desk, name))
    row = {"desk": desk, "officer": name, "code": _digest(code), "recipient": recipient, "asked": int(time.time())}
    row["signer"] = officer_signer(own)
    row |= msgspec.structs.asdict(wrapped)
    services.write_now(lambda unit: _store(unit, desk, name, row))
    return f"{code[:4]}-{code[4:]}"


def requests_of(connection: Connection, desk: str) -> list[RecoveryRequest]:
    """Return the officers of a desk who wait for approval."""
    query = select(recovery.c.officer, recovery.c.asked).where(recovery.c.desk == desk, _is_fresh())
    rows = connection.execute(query.order_by(recovery.c.asked)).all()
    newest = {row.officer: row.asked for row in rows}
    return [RecoveryRequest(name, asked) for name, asked in newest.items()]


def approve_recovery(services: Services, by: UnlockedDesk, name: str, code: str) -> Submitted:
    """Give an officer the desk's key under their new passphrase, and drop their second factors and known browsers.

    Once the roster is sealed, a new key also needs the signatures of a head and of one more officer.

    Raises:
        NoSuchRecovery: the code is wrong or old.
        CaseworkError: `name` is the approving officer.
    """
    if name == by.officer:
        raise CaseworkError("another officer of the desk must approve")

    def find(connection: Connection) -> dict[str, Any]:
        row = connection.execute(select(recovery).where(_of(by.desk.name, name), _has(code), _is_fresh())).one_or_none()
        if row is None:
            raise NoSuchRecovery
        return dict(row._mapping)  # noqa: SLF001 - public, despite its name

    return _replace_key(services, by, services.read(find))


def _store(unit: UnitOfWork, desk: str, name: str, row: dict[str, object]) -> None:
    exists = unit.main.execute(select(officer.c.name).where(officer.c.desk == desk, officer.c.name == name)).first()
    if exists is None:
        return
    unit.main.execute(delete(recovery).where(recovery.c.asked <= _expired()))
    kept = select(recovery.c.code).where(_of(desk, name)).order_by(recovery.c.asked.desc()).offset(MOST_REQUESTS - 1)
    for old in unit.main.execute(kept).scalars().all():
        unit.main.execute(delete(recovery).where(_of(desk, name), recovery.c.code == old))
    unit.insert(recovery, [row])


def _replace_key(services: Services, by: UnlockedDesk, row: dict[str, Any]) -> Submitted:
    """Replace the officer's key by the new one. Whatever was sealed to the old key alone is lost."""
    listed = services.read_keys(services.roster.check).state.officer(row["desk"], row["officer"])
    if listed is None:
        raise NoSuchRecovery
    changed = msgspec.structs.replace(listed, recipient=row["recipient"], signer=row["signer"])
    columns = ("recipient", "wrapped", "salt", "memory_kib", "passes", "lanes")
    values = {column: row[column] for column in columns} | {"temporary": False}
    return submit(services, by, OfficerSet(desk=row["desk"], officer=changed), RosterAttachment(officer=values))


def _digest(code: str) -> bytes:
    typed = "".join(character for character in code.casefold() if character.isalnum())
    # Crockford's base 32: characters that look alike count as the same.
    return hashlib.sha256(typed.translate(str.maketrans("oil", "011")).encode()).digest()


def _has(code: str) -> ColumnElement[bool]:
    return recovery.c.code == _digest(code)


def _expired() -> int:
    return int(time.time()) - EXPIRES_AFTER


def _is_fresh() -> ColumnElement[bool]:
    return recovery.c.asked > _expired()


def _of(desk: str, name: str) -> ColumnElement[bool]:
    return (recovery.c.desk == desk) & (recovery.c.officer == name)
