"""Audit keys: the keys to which officers' acts are sealed and with which they are signed, and their holders.

Each desk has an audit key pair (age) for its officers' acts. Its private half, an `AuditKey`, is sealed to each holder:
the desk itself, every desk above it, and its auditors. Acts are signed with an Ed25519 key that is derived from the
desk's own key, which the operator of the databases lacks, and whose public half is in the roster. Both are renewed
whenever the desk's key changes; the former ones stay, for older rows, and each key vouches for the one before it.

This module takes the desks and their keys from the roster.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, Select, delete, select, update

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, new_identity, open_as, recipient_of, seal
from satark.custody.verify_log import LogHead
from satark.identity.signatures import is_signed, signing_key, verifier_of
from satark.roster.entries import DESK_USE
from satark.routing.rules import desks_above
from satark.services import Services
from satark.store.tables import audit_key, audit_key_copy
from satark.store.unit_of_work import UnitOfWork


class AuditKey(Redacted, frozen=True, kw_only=True):
    """The private half of an audit key, sealed to a holder. Desk and number are checked on opening."""

    desk: str
    number: int
    identity: str
    given: tuple[str, ...] = ()
    """In the desk's own copy: the recipients of all others who were given the key."""


class PublicAuditKey(Redacted, frozen=True, kw_only=True):
    """The public half of a desk's audit key."""

    desk: str
    number: int
    recipient: str
    verifier: str
    former: str = ""
    """The verifier of the previous key, for which this key vouches; empty: there was none."""
    since: int = 0
    """Position of the log's newest row at that time: later signatures of the previous key are forged; 0: unknown."""


def desk_holder(desk: str) -> str:
    """Return the name of a desk as a holder of audit keys."""
    return f"desk:{desk}"


def officer_holder(desk: str, officer: str) -> str:
    """Return the name of an officer as a holder of audit keys."""
    return f"officer:{desk}/{officer}"


def act_key(identity: str) -> Ed25519PrivateKey:
    """Derive, from a desk's opened key, the key with which the desk signs acts and other things."""
    return signing_key(identity, DESK_USE)


def newest_verifier(connection: Connection, desk: str) -> str:
    """Return the verifier in a desk's newest row, whoever wrote that row; empty: there is none."""
    return connection.execute(_newest_first(desk).with_only_columns(audit_key.c.verifier).limit(1)).scalar() or ""


def current_key(connection: Connection, desk: str, rostered: str) -> PublicAuditKey | None:
    """Return a desk's present public audit key; None: there is none that the desk's key signed.

    `rostered`: the desk's verifier in the roster.
    """
    rows = connection.execute(_newest_first(desk).where(audit_key.c.verifier == rostered))
    good = (row for row in rows if is_signed(row.verifier, row.signature, _statement(row)))
    return next(map(_public, good), None)


def ensure_key(unit: UnitOfWork, services: Services, desk: str, identity: str) -> PublicAuditKey:
    """Return the desk's audit key, given its opened key; make one if there is none of its own.

    A person who writes to the database could insert another key, but not sign it with the desk's key.
    """
    rows = unit.main.execute(_newest_first(desk)).all()
    own = next((row for row in rows if _is_own(row, identity)), None)
    return _public(own) if own else _make(unit, services, desk, identity, rows[0].number + 1 if rows else 1)


def renew_key(unit: UnitOfWork, services: Services, desk: str, old: str, new: str) -> None:
    """Change a desk's audit key together with the desk's key, from identity `old` to `new`; repeated calls do nothing.

    The copies that were sealed to the desk's old key are sealed to its new one, so that the desk can still read the
    older rows: its own, and those of the desks below it.
    """
    rows = unit.main.execute(_newest_first(desk)).all()
    seal_again(unit, desk_holder(desk), old, recipient_of(new))
    if not any(_is_own(row, new) for row in rows):
        former = verifier_of(act_key(old)) if any(_is_own(row, old) for row in rows) else ""
        _make(unit, services, desk, new, rows[0].number + 1 if rows else 1, former=former)


def seal_again(unit: UnitOfWork, holder: str, identity: str, *recipients: str) -> None:
    """Seal a holder's copies of audit keys, which this identity opens, to these recipients."""
    for key in opened_keys(unit.main, holder, identity):
        here = (audit_key_copy.c.desk == key.desk, audit_key_copy.c.number == key.number)
        change = update(audit_key_copy).where(*here, audit_key_copy.c.holder == holder)
        unit.main.execute(change.values(sealed=seal(key, *recipients)))


def share_keys(unit: UnitOfWork, services: Services, desk: str, identity: str) -> None:
    """Give all audit keys of a desk to the holders that the roster allows; take them from former holders.

    A former holder may have a copy, and so may somebody who left a desk above: so the desk gets a new key for later
    acts. `identity`: the desk's opened key.
    """
    holders = {**holders_above(unit, services, desk), **_auditors(unit, services, desk)}
    mine = audit_key_copy.c.desk == desk
    rows = unit.main.execute(select(audit_key_copy.c.number, audit_key_copy.c.holder).where(mine))
    stored = {(number, holder) for number, holder in rows}
    for holder in {one for _, one in stored} - holders.keys() - {desk_holder(desk)}:
        unit.main.execute(delete(audit_key_copy).where(mine, audit_key_copy.c.holder == holder))
    _renew_if_somebody_left(unit, services, desk, identity, set(holders.values()))
    for key in opened_keys(unit.main, desk_holder(desk), identity, desk=desk):
        for holder, recipient in holders.items():
            if (key.number, holder) not in stored:
                _store_copy(unit, msgspec.structs.replace(key, given=()), holder, recipient)


def _renew_if_somebody_left(unit: UnitOfWork, services: Services, desk: str, identity: str, present: set[str]) -> None:
    public, own = ensure_key(unit, services, desk, identity), opened_keys(unit.main, desk_holder(desk), identity, desk)
    newest = next((one for one in own if recipient_of(one.identity) == public.recipient), None)
    if newest is None or not set(newest.given) <= present:
        number = unit.main.execute(_newest_first(desk)).all()[0].number + 1
        _make(unit, services, desk, identity, number, former=public.verifier)
        own = opened_keys(unit.main, desk_holder(desk), identity, desk)
        newest = next((one for one in own if one.number == number), None)
    if newest and set(newest.given) != present:
        kept = msgspec.structs.replace(newest, given=tuple(sorted(present)))
        here = (
            audit_key_copy.c.desk == desk,
            audit_key_copy.c.number == kept.number,
            audit_key_copy.c.holder == desk_holder(desk),
        )
        unit.main.execute(update(audit_key_copy).where(*here).values(sealed=seal(kept, recipient_of(identity))))


def _auditors(unit: UnitOfWork, services: Services, desk: str) -> dict[str, str]:
    state = services.roster_state(unit)
    listed = state.desks.get(desk)
    officers = listed.officers.values() if listed and not state.lacks_heads else ()
    return {officer_holder(desk, one.name): one.recipient for one in officers if one.role == "auditor"}


def holders_above(unit: UnitOfWork, services: Services, desk: str) -> dict[str, str]:
    """Return the desks above a desk, as the roster lists them, as holders of its audit keys: holder → age recipient."""
    signers = services.signers(unit)
    own = next((one for one in signers.desks if one.name == desk), None)
    above = desks_above(own, signers.sealable, services.geography) if own else []
    return {desk_holder(one.name): one.recipient for one in above}


def opened_keys(connection: Connection, holder: str, identity: str, desk: str = "") -> list[AuditKey]:
    """Open a holder's copies of audit keys (of one desk, or of all) with the holder's identity; skip forged ones."""
    query = select(audit_key_copy).where(audit_key_copy.c.holder == holder)
    if desk:
        query = query.where(audit_key_copy.c.desk == desk)
    opened = (_opened(row, identity) for row in connection.execute(query))
    return [key for key in opened if key is not None]


class Verifier(Redacted, frozen=True):
    """Verifies acts: a public key, and the position in the log up to which it counts."""

    key: str
    until: int = 0
    """0: the key counts everywhere."""

    def counts_at(self, position: int) -> bool:
        """Return whether an act at this position of the log may be by this key."""
        return not self.until or position <= self.until


def verifiers(connection: Connection, desk: str, rostered: str = "") -> dict[int, Verifier]:
    """Return the verifiers of a desk's acts, by the audit key's number: the present key, and all that it vouches for.

    `rostered`: the desk's verifier in the roster; empty: the roster does not list the desk, and the newest key counts.
    A key that nothing vouches for is left out.
    """
    found: dict[int, Verifier] = {}
    expected, until = rostered, 0
    for row in connection.execute(_newest_first(desk)):
        vouched = not expected or row.verifier == expected
        if vouched and is_signed(row.verifier, row.signature, _statement(row)):
            found[row.number] = Verifier(row.verifier, until)
            if not row.former:
                break
            expected, until = row.former, row.since or until
    return found


def trusted_verifiers(services: Services, desks: Iterable[str]) -> dict[str, dict[int, Verifier]]:
    """Return the verifiers of these desks' acts, as `verifiers` does, checked against the roster."""
    state = services.roster_state()
    listed = {desk: state.desks[desk].verifier if desk in state.desks else "" for desk in desks}
    return services.read(lambda c: {desk: verifiers(c, desk, rostered) for desk, rostered in listed.items()})


def _newest_first(desk: str) -> Select[Any]:
    return select(audit_key).where(audit_key.c.desk == desk).order_by(audit_key.c.number.desc())


def _public(row: Row[Any]) -> PublicAuditKey:
    return PublicAuditKey(**{name: getattr(row, name) for name in PublicAuditKey.__struct_fields__})


def _is_own(row: Row[Any], identity: str) -> bool:
    own = verifier_of(act_key(identity))
    return bool(row.verifier == own) and is_signed(own, row.signature, _statement(row))


def _statement(row: Any) -> bytes:
    since = (str(row.since),) if row.since else ()  # a key of version 0.1 says none
    fields = row.desk, str(row.number), row.recipient, row.verifier, row.former, *since
    return "/".join(("satark/1/audit-key", *fields)).encode()


def _make(
    unit: UnitOfWork, services: Services, desk: str, identity: str, number: int, *, former: str = ""
) -> PublicAuditKey:
    recipient, private = new_identity()
    key = act_key(identity)
    public = PublicAuditKey(desk=desk, number=number, recipient=recipient, verifier=verifier_of(key), former=former)
    if former not in {"", public.verifier}:
        public = msgspec.structs.replace(public, since=LogHead.position_of_rows(unit.main))
    unit.insert(audit_key, [{**msgspec.structs.asdict(public), "signature": key.sign(_statement(public))}])
    made = AuditKey(desk=desk, number=number, identity=private)
    for holder, to in {**holders_above(unit, services, desk), desk_holder(desk): recipient_of(identity)}.items():
        _store_copy(unit, made, holder, to)
    return public


def _store_copy(unit: UnitOfWork, key: AuditKey, holder: str, recipient: str) -> None:
    row = {"desk": key.desk, "number": key.number, "holder": holder, "sealed": seal(key, recipient)}
    unit.insert_new(audit_key_copy, [row], "number")


def _opened(row: Row[Any], identity: str) -> AuditKey | None:
    try:
        key = open_as(AuditKey, row.sealed, identity)
    except CantOpen:
        return None
    return key if (key.desk, key.number) == (row.desk, row.number) else None
