"""Stores the custody log. Rows are added at the end of the transaction with the recorded action, and never changed.

The one exception is an erasure: it empties the sealed entries of the file and adds a row that says so. The hashes stay,
so the chain can still be verified.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, select, update
from sqlalchemy import Row as DbRow

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, open_as, seal
from satark.custody import chain
from satark.custody.chain import ChainRow, LogEntry
from satark.custody.entries import announced_entry
from satark.identity.time_buckets import band_start
from satark.store import envelopes, evidence_files, host_link, tables
from satark.store.tables import anchor, custody, custody_head
from satark.store.unit_of_work import UnitOfWork

Files: TypeAlias = AbstractSet[tuple[str, str]]
"""Files by tip and ordinal."""
MakeRow: TypeAlias = Callable[[bytes], tuple[bytes, bytes]]
"""Takes the hash that the log ends with; returns the next row's commitment and its sealed entry."""

_ONLY = 1
"""Primary key of the one row of each table of heads."""


class LogRow(Redacted, frozen=True, kw_only=True):
    """A row of a tip's log with its opened entry."""

    row: ChainRow
    hash: bytes
    entry: LogEntry | None
    """None: the entry was erased, or the row is an erasure."""


def append_entries(unit: UnitOfWork, tip: str, recipient: str, file: str, *entries: LogEntry) -> None:
    """Add entries about a file (empty: about the whole tip), in order, at the end of this transaction.

    `tip`: its id; `recipient`: its age recipient; `file`: the file's ordinal.
    """
    unit.run_last(lambda: _append(unit, tip, file, *seal_entries(recipient, *entries)))


def announce(unit: UnitOfWork, tip: str, recipient: str, files: Iterable[str]) -> None:
    """Add an entry about each of a tip's files of which there is none, so that whoever deletes its row is noticed."""

    def write() -> None:
        logged = logged_files(unit.main, tip)
        for file in files:
            if file not in logged:
                _append(unit, tip, file, *seal_entries(recipient, announced_entry(unit.now)))

    unit.run_last(write)


def logged_files(connection: Connection, tip: str) -> set[str]:
    """Return the ordinals of a tip's files that the log has, erased ones too."""
    query = select(custody.c.file).where(custody.c.tip == tip, custody.c.file != "").distinct()
    return set(connection.execute(query).scalars())


def announced_files(connection: Connection, keys: Connection | Engine, tip: str) -> set[str]:
    """Return the ordinals of a tip's files that the log has and that no program erased."""
    erased, _ = erasures(connection, keys, custody.c.tip == tip)
    return {file for file in logged_files(connection, tip) if (tip, file) not in erased}


def erasures(connection: Connection, keys: Connection | Engine, *where: ColumnElement[bool]) -> tuple[Files, Files]:
    """Return what was erased of these tips: files by rows that the name key vouches for, and by other rows."""
    vouched, others = set[tuple[str, str]](), set[tuple[str, str]]()
    rows = select(custody.c.tip, custody.c.file, custody.c.sealed).where(custody.c.content == chain.EMPTY, *where)
    for tip, ordinal, tag in connection.execute(rows):
        is_vouched = ordinal and tag == envelopes.erasure_tag(keys, tip, ordinal)
        (vouched if is_vouched else others).add((tip, ordinal))
    return vouched, others


def unfetched_files(connection: Connection, keys: Connection | Engine, tip: str = "") -> dict[tuple[str, str], str]:
    """Return the files that are due or lost (tip and ordinal → state), of one tip or of all.

    A row that somebody else than the host wrote does not count: the host makes a lost file's record, and the log has
    more than one row of a file that was fetched. To an office elsewhere the log comes before the files.
    """
    file = tables.file.c
    of_tip = [file.tip == tip] if tip else []
    rows = select(file.tip, file.ordinal, file.state, file.record).where(file.state.in_(("due", "lost")), *of_tip)
    same = (custody.c.tip == file.tip) & (custody.c.file == file.ordinal)
    logged = select(file.tip, file.ordinal).join(custody, same).where(file.state == "due", *of_tip)
    logged = logged.group_by(file.tip, file.ordinal).having(func.count() > 1)
    found = {(row.tip, row.ordinal): row for row in connection.execute(rows)}
    for row in () if host_link.read(connection) else connection.execute(logged):
        found.pop((row.tip, row.ordinal), None)
    is_true = {at: row.state == "due" or row.record == evidence_files.lost_tag(keys, *at) for at, row in found.items()}
    return {at: row.state for at, row in found.items() if is_true[at]}


def append_sealed(unit: UnitOfWork, tip: str, file: str, entries: Iterable[MakeRow]) -> None:
    """Add entries that `seal_entries` sealed before the transaction, or officers' acts; otherwise as `append_entries`.

    An act is made with the hash that the log ends with then, so that it signs the whole log.
    """
    unit.run_last(lambda: _append(unit, tip, file, *entries))


def seal_entries(recipient: str, *entries: LogEntry) -> list[MakeRow]:
    """Seal entries to a tip's age recipient. It takes half a millisecond each."""
    return [_fixed(chain.commitment(entry), seal(entry, recipient)) for entry in entries]


def erase_files(unit: UnitOfWork, tip: str, ordinals: Sequence[str] | None = None) -> list[str]:
    """Erase a draft's files (all of them, or these); return the names of the sealed copies to delete after the commit.

    At the end of this transaction the log records it, and their entries are emptied. No tip that was sent has a row of
    a whole draft, so nothing vouches for such a row.
    """
    chosen = [""] if ordinals is None else [*ordinals]

    def write() -> None:
        logged = logged_files(unit.main, tip)
        for file in chosen:
            if file in logged or (logged and not file):
                where = custody.c.tip == tip if not file else (custody.c.tip == tip) & (custody.c.file == file)
                unit.main.execute(update(custody).where(where).values(sealed=b""))
                _append(unit, tip, file, _fixed(chain.EMPTY, b""))
                if file:
                    tag = envelopes.erasure_tag(unit.keys, tip, file)
                    unit.main.execute(update(custody).where(where, custody.c.content == chain.EMPTY).values(sealed=tag))

    unit.run_last(write)
    return evidence_files.delete_files(unit, tip, ordinals)


def record_tip_erasure(unit: UnitOfWork, tip: str, rule: str) -> None:
    """Record the erasure of a whole tip under a rule, even if nothing was logged of it, and empty its entries.

    The row says only on which day and under which rule (`chain.erasure_rule`); nothing about the tip's content.
    """

    def write() -> None:
        unit.main.execute(update(custody).where(custody.c.tip == tip).values(sealed=b""))
        _append(unit, tip, "", _fixed(chain.erasure_commitment(rule), b""))

    unit.run_last(write)


def read(connection: Connection, tip: str, identity: str) -> list[LogRow]:
    """Return a tip's log, opened, in order.

    Raises:
        CantOpen: an entry can't be opened, or is not the recorded one.
    """
    rows = connection.execute(select(custody).where(custody.c.tip == tip).order_by(custody.c.seq)).all()
    return [LogRow(row=chain_row(found), hash=found.hash, entry=_opened(found, identity)) for found in rows]


def sealed_entries(connection: Connection, tip: str) -> list[tuple[str, bytes, bytes]]:
    """Return a tip's entries as stored, in order: (file, commitment, sealed entry). Erased ones are omitted."""
    columns = custody.c.file, custody.c.entry, custody.c.sealed
    is_entry = (custody.c.tip == tip) & (custody.c.content != chain.EMPTY)
    rows = connection.execute(select(*columns).where(is_entry).order_by(custody.c.seq))
    return [(file, entry, sealed) for file, entry, sealed in rows if sealed]


def import_entries(unit: UnitOfWork, tip: str, entries: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Add another machine's entries (from its `sealed_entries`) to this log, except those that this log has already."""
    given = list(entries)

    def write() -> None:
        known = set(unit.main.execute(select(custody.c.entry).where(custody.c.tip == tip)).scalars())
        for file, entry, sealed in given:
            if entry not in known:
                _append(unit, tip, file, _fixed(entry, sealed))

    unit.run_last(write)


def chain_row(found: DbRow[Any]) -> ChainRow:
    """Return the part of a table row that the hashes cover."""
    return ChainRow(seq=found.seq, file=found.file, day=found.day, entry=found.entry, content=found.content)


def _opened(found: DbRow[Any], identity: str) -> LogEntry | None:
    if not found.sealed or found.content == chain.EMPTY:
        return None
    entry = open_as(LogEntry, found.sealed, identity)
    if chain.commitment(entry) != found.entry:
        raise CantOpen("an entry of the custody log is not the one that was recorded")
    return entry


def _fixed(entry: bytes, sealed: bytes) -> MakeRow:
    return lambda _before: (entry, sealed)


def _append(unit: UnitOfWork, tip: str, file: str, *makes: MakeRow) -> None:
    """Add rows about one file; several rows take as many statements as one row."""
    head = _lock_head(unit)
    position, link = head.position, head.link
    unit.custody_head = unit.custody_head or link
    last = unit.main.execute(_NEWEST, {"of": tip}).one_or_none()
    seq, hashed = (last.seq, last.hash) if last else (0, chain.tip_genesis(tip))
    rows = []
    for make in makes:
        entry, sealed = make(link)
        position, seq = position + 1, seq + 1
        row = ChainRow(seq=seq, file=file, day=unit.day, entry=entry, content=chain.content_hash(sealed))
        hashed = chain.row_hash(hashed, row)
        link = chain.link_hash(link, position, hashed)
        stored = {"position": position, "tip": tip, "sealed": sealed, "hash": hashed, "link": link}
        rows.append({**stored, **msgspec.structs.asdict(row)})
    unit.insert(custody, rows)
    at_start = (head.band_position, head.band_link) if head.band == band_start(unit.now) else (head.position, head.link)
    shown = {"band": band_start(unit.now), "band_position": at_start[0], "band_link": at_start[1]}
    unit.main.execute(_SET_HEAD, {"position": position, "link": link, **shown})
    unit.upsert(anchor, [{"id": _ONLY, "position": position, "link": link, "before": unit.custody_head}])


def _lock_head(unit: UnitOfWork) -> DbRow[Any]:
    """Lock the head of the chain through all tips until the commit, and return it."""
    head = unit.main.execute(_HEAD).one_or_none()
    if head is None:
        none = {"position": 0, "link": chain.GENESIS, "band": 0, "band_position": 0, "band_link": chain.GENESIS}
        unit.insert_new(custody_head, [{"id": _ONLY, **none}], "id")
        head = unit.main.execute(_HEAD).one()
    return head


_HEAD = select(custody_head).with_for_update()
_SET_HEAD = update(custody_head)
_NEWEST = (
    select(custody.c.seq, custody.c.hash)
    .where(custody.c.tip == bindparam("of"))
    .order_by(custody.c.seq.desc())
    .limit(1)
)
