"""Schedule: when each tip is due and whether it is held, sealed so that only the scheduled job can read it.

A tip is due some days after the day on which it got its status; its status and its category say how many.

The private half of the retention key lies under a key that is derived from the edge key, and outlasts the epochs.

The retention key's public half is in a row, and the key store has its keyed hash: nothing is sealed to another one.
Anybody can seal to it, so a term counts only with a signature of the tip's key. The tipster's key, which names the tip,
vouches for that key at the submission. The key store has a hash of the newest term, so that nobody who writes to the
main database alone can put an older one back. A tip whose term fails these checks is kept.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, delete, select, update

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen, new_identity, open_as, recipient_of, seal
from satark.api.tip import FINISHED_STATUSES, STATUSES, Status
from satark.identity.edge_key import Identity
from satark.identity.signatures import is_signed, name_of, signing_key, verifier_for
from satark.routing.sent import TIPSTER_USE
from satark.settings.core import RetentionSettings
from satark.store import envelopes
from satark.store.tables import kept_term, retention, retention_key, tip
from satark.store.unit_of_work import UnitOfWork

_ONLY = 1
"""Primary key of the one row."""
_NONCE = 12

Rule: TypeAlias = Literal["term", "officers"]
"""Reason for erasing a tip: its term is over, or two officers decided it after its term was over."""
_DAY = 86_400
_TERM_USE = "satark/1/term"
_KEEPER, _TERM = b"satark/1/keeper\0", b"satark/1/term\0"
_HALF, _KEPT = 32, "kept term"
"""Size in bytes of a public key; and the value in place of a desk's name in a tag. No desk can have this name."""
_DAY_AT = slice(2 * _HALF, 2 * _HALF + 4)


class NoRetentionKey(CaseworkError):  # noqa: N818 - it reads as what it says
    """There is no retention key yet: no process of the worker role has run on this database."""

    said = "this installation has not started its worker yet: start it, then try again"


class Term(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """When a tip is due. Every term encodes to the same number of bytes."""

    due: int
    """Day, in days since 1970; five digits until the year 2243."""
    held: Literal[0, 1] = 0
    """1: a legal hold keeps the tip, due or not."""
    ordered: Literal[0, 1] = 0
    """1: two officers ordered the erasure once the tip was due."""


class SignedTerm(msgspec.Struct, frozen=True, array_like=True):
    """A term with a signature of the tip's key."""

    term: Term
    signature: bytes


HELD = Term(due=0, held=1)
"""Stands for a term without a valid signature: a tip is better kept too long than lost."""


class ScheduledTip(msgspec.Struct, frozen=True, kw_only=True):
    """A tip with its term, as the scheduled job reads it."""

    tip: str
    number: str
    term: Term


def ensure_key(unit: UnitOfWork, edge: Identity) -> None:
    """Make the retention key if there is none yet, or if this edge key does not open the stored one.

    Terms that were sealed to an earlier retention key count as held, until a desk stores them again.
    """
    identity = _private_half(unit.main, edge)
    if not identity:
        unit.main.execute(delete(retention_key))
        unit.keys.execute(delete(kept_term))
        identity = new_identity()[1]
        nonce = os.urandom(_NONCE)
        sealed = nonce + _box(edge).encrypt(nonce, identity.encode(), None)
        unit.insert_new(retention_key, [{"id": _ONLY, "recipient": recipient_of(identity), "sealed": sealed}], "id")
    elif _recipient(unit) != recipient_of(identity):
        unit.main.execute(update(retention_key).values(recipient=recipient_of(identity)))
    unit.upsert(kept_term, [_key_noted(unit.keys, recipient_of(identity))])


def begin_term(unit: UnitOfWork, tip_id: str, tipster_key: str, identity: str, settings: RetentionSettings) -> None:
    """Store the first term of a tip that is submitted. `tipster_key`, `identity`: the tipster's key and the tip's.

    Every tip gets its row here: a row at a desk's first act would tell which tips the desk has.
    """
    told = b"".join(bytes.fromhex(verifier_for(*one)) for one in ((tipster_key, TIPSTER_USE), (identity, _TERM_USE)))
    told += unit.day.to_bytes(4)
    keeper = told + signing_key(tipster_key, TIPSTER_USE).sign(_KEEPER + told)
    signed = _signed(tip_id, Term(due=unit.day + settings.unfinished_days), identity)
    recipient = unit.once(_recipient)
    sealed = seal(signed, recipient) if recipient else b""
    unit.queue(retention, [{"tip": tip_id, "keeper": keeper, "sealed": sealed}])
    unit.queue(kept_term, [_kept(unit.keys, tip_id, signed)])


def store_term(unit: UnitOfWork, tip_id: str, term: Term, identity: str, *, required: bool = False) -> None:
    """Store when a tip is due. `identity`: the tip's keys, one a line, as in its envelope.

    Nothing is stored without a retention key, nor for a tip whose row is gone: such a tip is kept.

    Raises:
        NoRetentionKey: `required`, and there is no retention key.
    """
    recipient = _recipient(unit)
    if not recipient:
        if required:
            raise NoRetentionKey
        return
    signed = _signed(tip_id, term, identity)
    values = {"sealed": seal(signed, recipient)}
    if unit.main.execute(update(retention).where(retention.c.tip == tip_id).values(values)).rowcount:
        unit.upsert(kept_term, [_kept(unit.keys, tip_id, signed)])


def store_terms(unit: UnitOfWork, found: Mapping[str, tuple[Term, str]]) -> None:
    """Store when these tips are due, as `store_term` does: id → term, the tip's keys. Skip terms that are stored."""
    for tip_id, (term, identity) in found.items():
        if not _is_newest(unit.keys, tip_id, _signed(tip_id, term, identity)):
            store_term(unit, tip_id, term, identity)


def forget_term(unit: UnitOfWork, tip_id: str) -> None:
    """Delete the key store's row of an erased tip's term."""
    unit.keys.execute(delete(kept_term).where(kept_term.c.tag == envelopes.tag(unit.keys, tip_id, _KEPT)))


def scheduled_tips(
    main: Connection, keys: Connection, edge: Identity, settings: RetentionSettings, today: int
) -> Iterator[ScheduledTip]:
    """Yield every tip with its term. A term that is due today but lacks a valid signature counts as `HELD`.

    No tip is due earlier than the shortest of all terms after its submission, whatever its term says.
    """
    identity = _private_half(main, edge)
    query = select(tip.c.id, tip.c.number, retention.c.keeper, retention.c.sealed)
    query = query.outerjoin(retention, retention.c.tip == tip.c.id).order_by(tip.c.number)
    for row in main.execute(query.execution_options(yield_per=1000)):
        signed, keeper = _opened(row.sealed or b"", identity), row.keeper or b""
        term = signed.term
        if term.due <= today and not term.held:  # the others take no signature to be kept
            is_good = _is_by_keeper(row.id, signed, keeper) and _is_newest(keys, row.id, signed)
            least = int.from_bytes(keeper[_DAY_AT]) + least_days(settings)
            term = msgspec.structs.replace(term, due=max(term.due, least)) if is_good else HELD
        yield ScheduledTip(tip=row.id, number=row.number, term=term)


def _signed(tip_id: str, term: Term, identity: str) -> SignedTerm:
    """Sign with the tip's first key. `identity` may list newer keys, which the submission did not know."""
    key = signing_key(identity.rpartition("\n")[2], _TERM_USE)
    return SignedTerm(term, key.sign(_statement(tip_id, term)))


def _is_by_keeper(tip_id: str, signed: SignedTerm, keeper: bytes) -> bool:
    """Return whether the key that signed a term is the one that the tipster's key, which names the tip, names."""
    told, signature = keeper[: 2 * _HALF + 4], keeper[2 * _HALF + 4 :]
    tipster, own = told[:_HALF].hex(), told[_HALF : 2 * _HALF].hex()
    is_of_tip = name_of(tipster) == tip_id and is_signed(tipster, signature, _KEEPER + told)
    return is_of_tip and is_signed(own, signed.signature, _statement(tip_id, signed.term))


def _statement(tip_id: str, term: Term) -> bytes:
    return _TERM + msgspec.json.encode((tip_id, term))


def _recipient(unit: UnitOfWork) -> str:
    """Return the retention key's public half; empty: there is none, or the key store has the hash of another one."""
    recipient = unit.main.execute(select(retention_key.c.recipient)).scalar()
    if recipient is None:
        return ""
    noted = _key_noted(unit.keys, recipient)
    stored = unit.keys.execute(select(kept_term.c.hash).where(kept_term.c.tag == noted["tag"])).scalar()
    return recipient if stored == noted["hash"] else ""


def _key_noted(keys: Connection, recipient: str) -> dict[str, bytes]:
    """Return the key store's row with the hash of the retention key, which only the name key can make."""
    return {"tag": envelopes.tag(keys, "retention key", _KEPT), "hash": envelopes.tag(keys, recipient, _KEPT)}


def _kept(keys: Connection, tip_id: str, signed: SignedTerm) -> dict[str, bytes]:
    digest = sha256(msgspec.json.encode(signed)).hexdigest()
    return {"tag": envelopes.tag(keys, tip_id, _KEPT), "hash": envelopes.tag(keys, tip_id, f"{_KEPT} {digest}")}


def _is_newest(keys: Connection, tip_id: str, signed: SignedTerm) -> bool:
    row = _kept(keys, tip_id, signed)
    return keys.execute(select(kept_term.c.hash).where(kept_term.c.tag == row["tag"])).scalar() == row["hash"]


def is_due(term: Term, today: int, settings: RetentionSettings) -> bool:
    """Return whether to erase a tip today: due, not held, and ordered by officers unless erasure is automatic."""
    return today >= term.due and not term.held and bool(term.ordered or settings.automatic)


def _private_half(connection: Connection, edge: Identity) -> str:
    """Return the private half of the retention key; empty if there is none that this edge key opens."""
    sealed = connection.execute(select(retention_key.c.sealed)).scalar()
    if sealed is None:
        return ""
    try:
        return _box(edge).decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
    except (InvalidTag, ValueError):
        return ""


def _box(edge: Identity) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(edge.link("retention key", "1") + edge.link("retention key", "2"))


def _opened(sealed: bytes, identity: str) -> SignedTerm:
    try:
        return open_as(SignedTerm, sealed, identity)
    except CantOpen:
        return SignedTerm(HELD, b"")


def least_days(settings: RetentionSettings) -> int:
    return min(term_days(settings, status, "") for status in STATUSES)


def term_days(settings: RetentionSettings, status: Status, category: str) -> int:
    """Return the number of days that a tip is kept after the day on which it got its status."""
    if status not in FINISHED_STATUSES:
        return settings.unfinished_days
    days: int = getattr(settings, f"{status.lower()}_days")
    return max(days, settings.category_days.get(category, 0))


def due_day(settings: RetentionSettings, status: Status, category: str, band: str) -> int:
    """Return the day (days since 1970, UTC) on which a tip is due, given the time band in which it got its status."""
    return day_of(band) + term_days(settings, status, category)


def day_of(band: str) -> int:
    """Return the day (days since 1970, UTC) of a time band."""
    start = datetime.strptime(band.partition("/")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
    return int(start.timestamp()) // _DAY
