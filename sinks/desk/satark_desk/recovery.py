"""Recovery: an officer who lost a passphrase or a second factor gets a new key, with another officer's approval.

The officer chooses the new passphrase on their own machine, and gets a code. The officer tells the code, face to face
or by a call, to another officer of the desk. That other officer signs in and approves by typing the code. Neither
officer sees the other's passphrase. The service's operator can't approve, having no copy of the desk's key. Each
officer who signs for the new key types the code too, and counts from then on as one person with that officer.
"""

import time
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select

from satark.api import CaseworkError, Redacted, new_identity
from satark.casework import (
    KeyCode,
    KeyGiven,
    Proposal,
    Services,
    UnitOfWork,
    fingerprint_of,
    new_code,
    officer_signer,
    read_state,
)
from satark_desk.desk_keys import UnlockedDesk, key_context
from satark_desk.passphrases import wrap
from satark_desk.roster_changes import RosterAttachment, Submitted, approve, submit
from satark_desk.tables import officer, recovery

EXPIRES_AFTER: Final = 24 * 3600
"""Seconds after which a request expires."""
MOST_REQUESTS: Final = 50
"""Most requests that are kept for one officer; the newest are kept. The number is high, so that a stranger's requests
do not soon displace the officer's own."""


class NoSuchRecovery(CaseworkError):  # noqa: N818 - it reads as what it says
    """No request of that officer has this code, or the request is a day old."""

    said = "no officer of the desk has asked with this code within a day"


class RecoveryRequest(msgspec.Struct, frozen=True):
    """An officer who waits for approval."""

    officer: str
    asked: int
    """Time of the newest request, Unix seconds."""


class AskedRecovery(Redacted, frozen=True):
    """The values that are shown once to an officer who asked."""

    code: str
    fingerprint: str
    """Fingerprint of the new key. The officers who sign see it too."""


def ask_for_recovery(services: Services, desk: str, name: str, passphrase: str) -> AskedRecovery:
    """Store a request with a new key under the new passphrase; return its code.

    For an officer who does not exist, do the same work and store nothing.
    """
    code = new_code()
    recipient, own = new_identity()
    signer = officer_signer(own)
    fingerprint = fingerprint_of(recipient, signer)
    verifier = KeyCode(code, desk, name).verifier(fingerprint)
    row: dict[str, object] = {"desk": desk, "officer": name, "code": bytes.fromhex(verifier), "asked": int(time.time())}
    row |= {"recipient": recipient, "signer": signer}
    row |= msgspec.structs.asdict(wrap(own, passphrase, key_context(desk, name)))
    services.write_now(lambda unit: _store(unit, desk, name, row))
    return AskedRecovery(code, fingerprint)


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

    typed, asking = KeyCode(code, by.desk.name, name), select(recovery).where(_of(by.desk.name, name), _is_fresh())
    for row in services.read(lambda c: c.execute(asking).all()):
        if row.code.hex() == typed.verifier(fingerprint_of(row.recipient, row.signer)):
            return _replace_key(services, by, dict(row._mapping), code)  # noqa: SLF001 - public, despite its name
    raise NoSuchRecovery


def _store(unit: UnitOfWork, desk: str, name: str, row: dict[str, object]) -> None:
    exists = unit.main.execute(select(officer.c.name).where(officer.c.desk == desk, officer.c.name == name)).first()
    if exists is None:
        return
    unit.main.execute(delete(recovery).where(recovery.c.asked <= _expired()))
    kept = select(recovery.c.code).where(_of(desk, name)).order_by(recovery.c.asked.desc()).offset(MOST_REQUESTS - 1)
    for old in unit.main.execute(kept).scalars().all():
        unit.main.execute(delete(recovery).where(_of(desk, name), recovery.c.code == old))
    unit.insert(recovery, [row])


def _replace_key(services: Services, by: UnlockedDesk, row: dict[str, Any], code: str) -> Submitted:
    """Replace the officer's key by the new one. Values that were sealed only to the old key are lost."""
    listed = services.roster_state().officer(row["desk"], row["officer"])
    if listed is None:
        raise NoSuchRecovery
    changed = msgspec.structs.replace(listed, recipient=row["recipient"], signer=row["signer"], temporary=False)
    columns = ("recipient", "wrapped", "salt", "memory_kib", "passes", "lanes")
    values = {column: row[column] for column in columns} | {"temporary": False}
    body = KeyGiven(desk=row["desk"], officer=changed, code=row["code"].hex())
    if waiting := _proposal_of(services, by, body):
        return approve(services, by, waiting, code)
    return submit(services, by, body, RosterAttachment(officer=values), code)


def _proposal_of(services: Services, by: UnlockedDesk, body: KeyGiven) -> str:
    """Return the id of another officer's proposal of this key; empty if there is none that can be signed."""
    state = services.read_keys(read_state)
    for one in services.read(Proposal.all):
        if one.entry.body == body and one.entry.by[1] != by.officer and one.still_needed(state):
            return one.id
    return ""


def _expired() -> int:
    return int(time.time()) - EXPIRES_AFTER


def _is_fresh() -> ColumnElement[bool]:
    return recovery.c.asked > _expired()


def _of(desk: str, name: str) -> ColumnElement[bool]:
    return (recovery.c.desk == desk) & (recovery.c.officer == name)
