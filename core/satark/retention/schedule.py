"""Schedule: when each tip is due and whether it is held, sealed so that the scheduled job alone can read it.

A tip is due some days after the day on which it got its status; its status and its category say how many.

The private half of the retention key lies under a key that is derived from the edge key, and outlasts the epochs. A tip
without a stored term is unfinished, and counts from the day on which it was submitted.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, delete, select

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen, new_identity, open_as, seal
from satark.api.tip import FINISHED_STATUSES, Status
from satark.identity.edge_key import Identity
from satark.settings.core import RetentionSettings
from satark.store.tables import retention, retention_key, tip
from satark.store.unit_of_work import UnitOfWork

_ONLY = 1
"""Primary key of the one row."""
_NONCE = 12

Rule: TypeAlias = Literal["term", "officers"]
"""Why a tip is erased: its term is over; or two officers decided it, after its term was over."""
_DAY = 86_400


class NoRetentionKey(CaseworkError):  # noqa: N818 - it reads as what it says
    """There is no retention key yet: no process of the worker role has run on this database."""

    def __init__(self) -> None:
        super().__init__("this installation has not started its worker yet: start it, then try again")


class Term(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """When a tip is due. Every term encodes to the same number of bytes."""

    due: int
    """Day, in days since 1970; five digits until the year 2243."""
    held: Literal[0, 1] = 0
    """1: a legal hold keeps the tip, due or not."""
    ordered: Literal[0, 1] = 0
    """1: two officers ordered the erasure once the tip was due."""


class ScheduledTip(msgspec.Struct, frozen=True, kw_only=True):
    """A tip with its term, as the scheduled job reads it."""

    tip: str
    number: str
    term: Term


def ensure_key(unit: UnitOfWork, edge: Identity) -> None:
    """Make the retention key if there is none yet, or if this edge key does not open the one that is stored.

    Terms that were sealed to an earlier retention key count as held, until a desk stores them again.
    """
    if _private_half(unit.main, edge):
        return
    unit.main.execute(delete(retention_key))
    recipient, identity = new_identity()
    nonce = os.urandom(_NONCE)
    sealed = nonce + _box(edge).encrypt(nonce, identity.encode(), None)
    unit.insert_new(retention_key, [{"id": _ONLY, "recipient": recipient, "sealed": sealed}], "id")


def store_term(unit: UnitOfWork, tip_id: str, term: Term, *, required: bool = False) -> None:
    """Store when a tip is due.

    Without a retention key nothing is stored: then the tip counts as unfinished.

    Raises:
        NoRetentionKey: `required`, and there is no retention key.
    """
    recipient = unit.main.execute(select(retention_key.c.recipient)).scalar()
    if recipient is None:
        if required:
            raise NoRetentionKey
        return
    unit.main.execute(delete(retention).where(retention.c.tip == tip_id))
    unit.insert(retention, [{"tip": tip_id, "sealed": seal(term, recipient)}])


def store_terms(unit: UnitOfWork, found: Mapping[str, Term]) -> None:
    """Store when these tips are due, by id; as `store_term`."""
    for tip_id, term in found.items():
        store_term(unit, tip_id, term)


def scheduled_tips(connection: Connection, edge: Identity, settings: RetentionSettings) -> Iterator[ScheduledTip]:
    """Yield every tip with its term. A term that was altered counts as held: better kept too long than lost."""
    identity = _private_half(connection, edge)
    query = select(tip.c.id, tip.c.number, tip.c.day, retention.c.sealed)
    query = query.outerjoin(retention, retention.c.tip == tip.c.id).order_by(tip.c.number)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        unfinished = Term(due=row.day + settings.unfinished_days)
        term = unfinished if row.sealed is None else _opened(row.sealed, identity)
        yield ScheduledTip(tip=row.id, number=row.number, term=term)


def is_due(term: Term, today: int, settings: RetentionSettings) -> bool:
    """Return whether a tip is erased today: due, not held, and ordered by officers unless the job does it by itself."""
    return today >= term.due and not term.held and bool(term.ordered or settings.automatic)


def _private_half(connection: Connection, edge: Identity) -> str:
    """Return the private half of the retention key; empty if there is none that this edge key opens."""
    sealed = connection.execute(select(retention_key.c.sealed)).scalar()
    if sealed is None:
        return ""
    try:
        return _box(edge).decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
    except InvalidTag:
        return ""


def _box(edge: Identity) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(edge.link("retention key", "1") + edge.link("retention key", "2"))


def _opened(sealed: bytes, identity: str) -> Term:
    try:
        return open_as(Term, sealed, identity)
    except CantOpen:
        return Term(due=0, held=1)


def term_days(settings: RetentionSettings, status: Status, category: str) -> int:
    """Return for how many days a tip is kept after the day on which it got its status."""
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
