"""The custody log in the store: rows are added at the end of the transaction of what they record, and never changed.

Erasing is the one exception: the sealed entries of what was erased are emptied, and a row at the end says so. The
hashes stay, so that the chain still holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Row as DbRow
from sqlalchemy import select, update

from satark.custody import chain
from satark.custody.chain import Entry, Row
from satark.identity.sealing import CantOpen, open_as, seal
from satark.store.tables import anchor, custody, custody_head

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit_of_work import UnitOfWork

_ONLY = 1
"""The key of the one row that a table of heads has."""


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a tip's log, opened."""

    row: Row
    hash: bytes
    entry: Entry | None
    """None: erased, or the erasure itself."""

    def __repr__(self) -> str:
        return "Logged(…)"


def record(unit: UnitOfWork, tip: str, recipient: str, file: str, *entries: Entry) -> None:
    """Add entries about a file to its tip's log, at the end of this transaction.

    Args:
        unit: the transaction that does what the entries say.
        tip: the tip's id.
        recipient: the tip's age recipient.
        file: the file's ordinal; empty: all of the tip.
        entries: in the order in which it happened.
    """

    def write() -> None:
        for entry in entries:
            sealed = seal(entry, recipient)
            _append(unit, tip, file, chain.commitment(entry), sealed)

    unit.lastly(write)


def erased(unit: UnitOfWork, tip: str, files: Iterable[str] | None = None) -> None:
    """Empty a tip's log (all of it, or what is about these files), at the end of this transaction, and say so in it.

    Nothing happens where nothing was logged.
    """
    chosen = None if files is None else list(files)

    def write() -> None:
        logged = _files_of(unit.main, tip)
        for file in ("",) if chosen is None else chosen:
            if file in logged or (logged and not file):
                where = custody.c.tip == tip if not file else (custody.c.tip == tip) & (custody.c.file == file)
                unit.main.execute(update(custody).where(where).values(sealed=b""))
                _append(unit, tip, file, chain.content_hash(b""), b"")

    unit.lastly(write)


def read(connection: Connection, tip: str, identity: str) -> list[Logged]:
    """Open a tip's log, in order.

    Raises:
        CantOpen: an entry does not open, or is not the one that was recorded.
    """
    rows = connection.execute(select(custody).where(custody.c.tip == tip).order_by(custody.c.seq)).all()
    return [Logged(row=row_of(found), hash=found.hash, entry=_opened(found, identity)) for found in rows]


def sealed_entries(connection: Connection, tip: str) -> list[tuple[str, bytes, bytes]]:
    """Give a tip's entries as they are stored, in order: (file, commitment, sealed entry). Erased ones are left out."""
    columns = custody.c.file, custody.c.entry, custody.c.sealed
    rows = connection.execute(select(*columns).where(custody.c.tip == tip).order_by(custody.c.seq))
    return [(file, entry, sealed) for file, entry, sealed in rows if sealed]


def take_over(unit: UnitOfWork, tip: str, entries: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Add what another machine logged (as `sealed_entries` gave it) to this one's log; what is there already stays."""
    given = list(entries)

    def write() -> None:
        known = set(unit.main.execute(select(custody.c.entry).where(custody.c.tip == tip)).scalars())
        for file, entry, sealed in given:
            if entry not in known:
                _append(unit, tip, file, entry, sealed)

    unit.lastly(write)


def row_of(found: DbRow[Any]) -> Row:
    """A row of the table as the chain sees it."""
    return Row(seq=found.seq, file=found.file, day=found.day, entry=found.entry, content=found.content)


def _opened(found: DbRow[Any], identity: str) -> Entry | None:
    if not found.sealed:
        return None
    entry = open_as(Entry, found.sealed, identity)
    if chain.commitment(entry) != found.entry:
        raise CantOpen("an entry of the custody log is not the one that was recorded")
    return entry


def _files_of(connection: Connection, tip: str) -> set[str]:
    return set(connection.execute(select(custody.c.file).where(custody.c.tip == tip).distinct()).scalars())


def _append(unit: UnitOfWork, tip: str, file: str, entry: bytes, sealed: bytes) -> None:
    position, before = _lock_head(unit)
    unit.custody_head = unit.custody_head or before
    newest = select(custody.c.seq, custody.c.hash).where(custody.c.tip == tip).order_by(custody.c.seq.desc()).limit(1)
    last = unit.main.execute(newest).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, chain.start(tip))
    row = Row(seq=seq, file=file, day=unit.day, entry=entry, content=chain.content_hash(sealed))
    hashed = chain.step(previous, row)
    link = chain.link(before, position + 1, hashed)
    stored = {"position": position + 1, "tip": tip, "sealed": sealed, "hash": hashed, "link": link}
    unit.insert(custody, [{**stored, **msgspec.structs.asdict(row)}])
    unit.main.execute(update(custody_head).values(position=position + 1, link=link))
    unit.replace(anchor, [{"id": _ONLY, "position": position + 1, "link": link, "before": unit.custody_head}])


def _lock_head(unit: UnitOfWork) -> tuple[int, bytes]:
    """The end of the chain through all tips, held until the commit."""
    query = select(custody_head.c.position, custody_head.c.link).with_for_update()
    head = unit.main.execute(query).one_or_none()
    if head is None:
        unit.insert_new(custody_head, [{"id": _ONLY, "position": 0, "link": chain.ORIGIN}], "id")
        head = unit.main.execute(query).one()
    return head.position, head.link
