"""Resealing: seal values of ended epochs that are still needed under the current epoch.

A value that does not open is replaced by an empty one. A sealed value's row is found by its first bytes: its epoch's
id.
"""

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, LargeBinary, Table, func, or_, select, update

from satark.api.inbound import Address
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import EPOCH_ID
from satark.store import tables
from satark.store.outbox import open_reach
from satark.store.unit_of_work import UnitOfWork

Values = dict[str, object]


class _Place(NamedTuple):
    """A table with sealed columns, and the function that seals the columns of a row anew."""

    table: Table
    columns: tuple[str, ...]
    """The sealed columns; each may be sealed under another epoch."""
    reseal: Callable[[Identity, Any], Values]


def reseal_some(unit: UnitOfWork, identity: Identity, ended: Collection[bytes], limit: int) -> int:
    """Seal at most `limit` rows of each table anew; return how many. 0: nothing is sealed under the epochs `ended`.

    A sender's look-up is replaced together with its sealed value, so that nobody can try the old look-up either.
    """
    return sum(_reseal(unit, identity, place, ended, limit) for place in _PLACES)


def find_used(main: Connection, epochs: Collection[bytes]) -> set[bytes]:
    """Return those of the epochs under which something is sealed."""

    def is_used(epoch: bytes) -> bool:
        queries = (select(1).where(_sealed_under(place, [epoch])).limit(1) for place in _PLACES)
        return any(main.execute(query).first() for query in queries)

    return set(filter(is_used, epochs))


def _reseal(unit: UnitOfWork, identity: Identity, place: _Place, ended: Collection[bytes], limit: int) -> int:
    keys = list(place.table.primary_key)
    query = select(place.table).where(_sealed_under(place, ended)).order_by(*keys).limit(limit).with_for_update()
    rows = unit.main.execute(query).all()
    for row in rows:
        here = [key == getattr(row, key.name) for key in keys]
        unit.main.execute(update(place.table).where(*here).values(**place.reseal(identity, row)))
    return len(rows)


def _sealed_under(place: _Place, epochs: Collection[bytes]) -> Any:
    sealed_by = (func.substr(place.table.c[name], 1, EPOCH_ID, type_=LargeBinary) for name in place.columns)
    return or_(*(epoch.in_(list(epochs)) for epoch in sealed_by))


def _again(identity: Identity, sealed: bytes, place: bytes) -> bytes:
    try:
        return identity.seal(identity.open(sealed, place), place)
    except BrokenSeal:
        return b""


def _draft(identity: Identity, id_: bytes, sealed: bytes) -> bytes:
    try:
        return identity.seal_draft(id_, identity.open_draft(id_, sealed))
    except BrokenSeal:
        return b""


def _conversation(identity: Identity, row: Any) -> Values:
    return {
        "draft": _draft(identity, row.id, row.draft),
        "handle": _again(identity, row.handle, row.id),
        "due": _again(identity, row.due, row.id + b"due"),
    }


def _alias(identity: Identity, row: Any) -> Values:
    try:
        pseudonym = identity.open(row.sealed, row.conversation)
    except BrokenSeal:
        return {"sealed": b""}  # it leads nowhere, and goes with its conversation
    identity.epochs.drafts.begin([lookup := identity.lookup(pseudonym)])
    return {"lookup": lookup, "sealed": identity.seal(pseudonym, row.conversation)}


def _reach(identity: Identity, row: Any) -> Values:
    handle = open_reach(identity, row.handle, row.id, time.time())
    if handle is None:
        return {"handle": b""}
    pseudonym = identity.pseudonym(handle.account, Address(handle.address))
    return {"sender": identity.lookup(pseudonym), "handle": identity.seal_handle(handle, row.id)}


def _simple(column: str, place: Callable[[Any], bytes]) -> Callable[[Identity, Any], Values]:
    return lambda identity, row: {column: _again(identity, getattr(row, column), place(row))}


_PLACES: Final[Iterable[_Place]] = (
    _Place(tables.conversation, ("draft", "handle", "due"), _conversation),
    _Place(tables.alias, ("sealed",), _alias),
    _Place(tables.reach, ("handle",), _reach),
    _Place(tables.provider_message, ("sealed",), _simple("sealed", lambda row: bytes(row.id))),
    _Place(tables.outbox, ("call",), _simple("call", lambda row: bytes(row.id))),
    _Place(tables.file, ("job",), _simple("job", lambda row: f"{row.tip}-{row.ordinal}".encode())),
)
