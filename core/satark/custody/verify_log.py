"""Verifies the custody log of a live store, without any key: its hashes, and that the sealed entries match them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, exists, func, or_, select, text
from sqlalchemy import Row as DbRow

from satark.api.routing import CaseworkError
from satark.custody import chain
from satark.custody.log import Files, chain_row, erasures, unfetched_files
from satark.identity.time_buckets import band_start
from satark.services import Services
from satark.store import evidence_files, tables
from satark.store.sealed_files import sizes
from satark.store.tables import anchor, custody, custody_head
from satark_files.file_store import FileStore

ProblemKind: TypeAlias = Literal[
    "missing",
    "order",
    "altered",
    "entry",
    "emptied",
    "cut",
    "head",
    "anchor",
    "unlogged",
    "no-file",
    "gone",
    "forged",
    "known",
]

_SENTENCES: dict[ProblemKind, str] = {
    "missing": "one or more rows before this one are missing",
    "order": "this row is not in its place: a row of the tip is missing, was inserted, or is out of order",
    "altered": "this row was altered",
    "entry": "the sealed entry of this row is not the one that was recorded",
    "emptied": "the entry of this row was emptied, and no row says that it was erased",
    "cut": "the log was cut off after this row",
    "head": "the end of the log is not the head that the database recorded",
    "anchor": "the end of the log is not the head that the key store recorded",
    "unlogged": "the custody log has no row for this file",
    "no-file": "a sealed form of the file is not in the store of files, or has another size",
    "gone": "somebody deleted or altered the file's row, and no row of the log vouches that it was erased",
    "forged": "a row of the log says that the tip was erased, and the tip is here",
    "known": "the log does not contain the head that was noted earlier: it was rewritten or cut off",
}


class AuditProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    what: ProblemKind
    position: int = 0
    """Position of the row among all rows; 0: the problem concerns no single row."""
    tip: str = ""
    """The tip's number, or its id if the tip is gone; `officers`: an officer's act."""
    file: str = ""

    def __str__(self) -> str:
        of_tip = bool(self.tip) and self.tip != chain.OFFICERS
        where = (f"row {self.position}" * bool(self.position), f"tip {self.tip}" * of_tip)
        place = ", ".join(part for part in (*where, f"file {self.file}" * bool(self.file)) if part)
        return f"{place}: {_SENTENCES[self.what]}" if place else _SENTENCES[self.what]


_HERE = custody.c.tip.in_(select(tables.tip.c.id))
_ROWS = select(func.count(), func.coalesce(func.max(custody.c.position), 0)).select_from(custody).cte()
_ROW_COUNT, _NEWEST = _ROWS.c
_HEAD_POSITION = func.coalesce(select(custody_head.c.position).scalar_subquery(), 0)
_HEAD_ROW = exists().where(custody.c.position == custody_head.c.position, custody.c.link == custody_head.c.link)
_AGREED = select(_ROW_COUNT).where(
    _ROW_COUNT == _NEWEST, _NEWEST == _HEAD_POSITION, or_(_ROW_COUNT == 0, _HEAD_ROW)
)  # one statement: other processes add rows meanwhile


class LogHead(msgspec.Struct, frozen=True):
    """The head of a log. It is noted for a later audit as its hash alone: files of tips kept from somebody add rows."""

    position: int
    """The number of rows; 0 in a head that was noted."""
    link: bytes

    @staticmethod
    def current(connection: Connection) -> LogHead | None:
        """Return the head of the log; None: the log is empty."""
        row = connection.execute(select(custody_head.c.position, custody_head.c.link)).one_or_none()
        return LogHead(row.position, row.link) if row and row.position else None

    @staticmethod
    def shown(connection: Connection, now: int) -> LogHead | None:
        """Return the head at the end of the last six hours that are over; None: the log was empty then.

        Officers are shown no newer one: each file of a tip that is kept from them moves it.
        """
        row = connection.execute(select(custody_head)).one_or_none()
        if row is None:
            return None
        at_start = row.band == band_start(now)
        head = LogHead(row.band_position, row.band_link) if at_start else LogHead(row.position, row.link)
        return head if head.position else None

    @staticmethod
    def position_of_rows(connection: Connection) -> int:
        """Return the position of the newest row; 0: there is none.

        Raises:
            CaseworkError: the head in the database is another, or rows are missing.
        """
        number: int | None = connection.execute(_AGREED).scalar()
        if number is None:
            raise CaseworkError("the audit log was altered, run: satark audit verify")
        return number

    def is_in(self, connection: Connection) -> bool:
        """Return whether the log contains this head, which was noted earlier."""
        return connection.execute(select(custody.c.position).where(custody.c.link == self.link)).first() is not None

    @classmethod
    def read(cls, noted: str) -> LogHead:
        """Parse a noted head.

        Raises:
            ValueError: the text is no head.
        """
        link = bytes.fromhex(noted.strip().rpartition(":")[2])  # before 0.2.0 the number of rows stood in front
        if len(link) != len(chain.GENESIS):
            raise ValueError(noted)
        return cls(0, link)

    def __str__(self) -> str:
        return self.link.hex()


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    rows: int
    tips: int
    acts: int
    """The number of rows that record officers' acts."""
    erased: dict[str, int]
    """Rule (`chain.ERASURE_RULES`) → the number of tips that were erased under it."""
    head: LogHead
    problems: tuple[AuditProblem, ...]


def verify_log(services: Services, known: LogHead | None = None) -> AuditReport:
    """Verify the log of a live store, from its first row to its last; it must contain the head `known`."""
    # Read before the log, so that rows written in between are in the log.
    anchored = services.read_keys(lambda c: c.execute(select(anchor)).one_or_none())
    return services.read_keys(
        lambda keys: services.read(lambda c: _verify(c, keys, anchored, services.evidence, known))
    )


def _verify(
    connection: Connection, keys: Connection, anchored: DbRow[Any] | None, evidence: FileStore, known: LogHead | None
) -> AuditReport:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    vouched, forged = erasures(connection, keys, _HERE)
    walk = _LogWalk(anchored, known, forged - vouched)
    walk.run(connection)
    problems = [*walk.problems, *_unlogged(connection, keys, walk, evidence)]
    numbers = {row.id: row.number for row in connection.execute(select(tables.tip.c.id, tables.tip.c.number))}
    named = [msgspec.structs.replace(one, tip=numbers.get(one.tip, one.tip)) for one in problems]
    return AuditReport(
        rows=walk.rows,
        tips=len(walk.tips.keys() - {chain.OFFICERS}),
        erased=dict(walk.erasures),
        acts=walk.tips.get(chain.OFFICERS, (0, b""))[0],
        head=LogHead(walk.position, walk.link),
        problems=tuple(dict.fromkeys(named)),
    )


class _LogWalk:
    """Checks the log row by row. After a problem it continues with the row's values, to find further problems."""

    def __init__(self, anchored: DbRow[Any] | None, known: LogHead | None, forged: Files) -> None:
        self.problems: list[AuditProblem] = []
        self.rows = 0
        self.position = 0
        self.link = chain.GENESIS
        self.tips: dict[str, tuple[int, bytes]] = {}
        """Tip → the newest `seq` and hash."""
        self.logged: set[tuple[str, str]] = set()
        self.erasures: Counter[str] = Counter()
        self._erased: set[tuple[str, str]] = set()
        self._forged = forged
        self._emptied: list[AuditProblem] = []
        self._anchored = anchored
        self._anchor_held = False
        self._known = known

    def run(self, connection: Connection) -> None:
        query = select(custody).order_by(custody.c.position).execution_options(yield_per=1000)
        for row in connection.execute(query):
            self._check_row(row)
        self._finish(connection)

    def _check_row(self, row: DbRow[Any]) -> None:
        where = {"position": row.position, "tip": row.tip, "file": row.file}
        seq, before = self.tips.get(row.tip, (0, chain.tip_genesis(row.tip)))
        own = chain_row(row)
        gap = row.position != self.position + 1
        if gap:
            self.problems.append(AuditProblem(what="missing", position=row.position))
        if row.seq != seq + 1:
            self.problems.append(AuditProblem(what="order", **where))
        elif chain.row_hash(before, own) != row.hash or (
            not gap and chain.link_hash(self.link, row.position, row.hash) != row.link
        ):
            self.problems.append(AuditProblem(what="altered", **where))
        self._check_entry(row, own, where)
        self.rows += 1
        self.position, self.link = row.position, row.link
        self.tips[row.tip] = (row.seq, row.hash)
        self.logged.add((row.tip, row.file))
        self._anchor_held |= self._anchored is not None and self._anchored.link == row.link
        if self._known is not None and self._known.link == row.link:
            self._known = None

    def _check_entry(self, row: DbRow[Any], own: chain.ChainRow, where: dict[str, Any]) -> None:
        if own.is_erasure and row.tip != chain.OFFICERS:
            self._erased.add((row.tip, row.file))
            self.erasures.update([rule] if (rule := chain.erasure_rule(own)) else [])
        elif not row.sealed:
            self._emptied.append(AuditProblem(what="emptied", **where))
        elif chain.content_hash(row.sealed) != own.content:
            self.problems.append(AuditProblem(what="entry", **where))

    def _finish(self, connection: Connection) -> None:
        erased = self._erased - self._forged
        self.problems += [p for p in self._emptied if not {(p.tip, p.file), (p.tip, "")} & erased]
        head = connection.execute(select(custody_head)).one_or_none()
        position, link = (head.position, head.link) if head else (0, chain.GENESIS)
        if position > self.position:
            self.problems.append(AuditProblem(what="cut", position=self.position))
        elif link != self.link:
            self.problems.append(AuditProblem(what="head"))
        if not self._is_anchored():
            self.problems.append(AuditProblem(what="anchor"))
        if self._known is not None:
            self.problems.append(AuditProblem(what="known"))

    def _is_anchored(self) -> bool:
        """Whether the log contains the key store's head, or ends one transaction before it, as after a crash."""
        if self._anchored is None:
            return not self.rows
        return self._anchor_held or self._anchored.before == self.link


def _unlogged(connection: Connection, keys: Connection, walk: _LogWalk, evidence: FileStore) -> Iterator[AuditProblem]:
    """Find files without a row in the log, sealed files that are missing, and files whose rows are."""
    table = tables.file
    lacking = evidence_files.without_forms(connection, keys, sizes(evidence))
    settled = select(table.c.tip, table.c.ordinal).where(table.c.state != "due")
    for tip, ordinal in connection.execute(settled.order_by(table.c.tip, table.c.ordinal)):
        if (tip, ordinal) not in walk.logged:
            yield AuditProblem(what="unlogged", tip=tip, file=ordinal)
        if (tip, ordinal) in lacking:
            yield AuditProblem(what="no-file", tip=tip, file=ordinal)
    for tip, ordinal in gone_files(connection, keys):
        yield AuditProblem(what="gone" if ordinal else "forged", tip=tip, file=ordinal)


def gone_files(connection: Connection, keys: Connection) -> list[tuple[str, str]]:
    """Return the files (tip, ordinal) that the log has, no program erased, and of which no row is as the host wrote it.

    Ordinal empty: a row says that the whole tip was erased, as a draft or under a rule.
    """
    file = tables.file.c
    logged = select(custody.c.tip, custody.c.file).where(_HERE, custody.c.file != "")
    fetched = select(file.tip, file.ordinal).where(file.state == "sealed", func.length(file.record) > 0)
    gone = {*map(tuple, connection.execute(logged.except_(fetched)))} - unfetched_files(connection, keys).keys()
    vouched, others = erasures(connection, keys, _HERE)
    return sorted((gone - vouched) | {one for one in others if not one[1]})
