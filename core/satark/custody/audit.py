"""The verifier of a live custody log. It needs no key: it sees hashes, and that sealed entries are those hashed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, exists, select, text

from satark.custody import chain
from satark.custody.log import row_of
from satark.store import evidence_files, tables
from satark.store.sealed_files import original_path
from satark.store.tables import anchor, custody, custody_head

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Row as DbRow

    from satark.services import Services

What: TypeAlias = Literal[
    "missing", "order", "altered", "entry", "emptied", "cut", "head", "anchor", "unlogged", "no-file", "known"
]

_SENTENCES: dict[What, str] = {
    "missing": "one or more rows before this one are missing",
    "order": "this row is not where it was: a row of the tip is missing, put in, or out of order",
    "altered": "this row was altered",
    "entry": "the sealed entry of this row is not the one that was recorded",
    "emptied": "the entry of this row was emptied, and nothing says that it was erased",
    "cut": "the log was cut off after this row",
    "head": "the end of the log is not the one that was written down in the database",
    "anchor": "the end of the log is not the one that was written down in the key store",
    "unlogged": "the custody log says nothing of this file",
    "no-file": "the sealed original is not in the evidence folder",
    "known": "the log does not hold the head that was noted: it was rewritten or cut off",
}


class AuditProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is wrong, and where."""

    what: What
    position: int = 0
    """Of the row, among those of all tips; 0: none in particular."""
    tip: str = ""
    """The tip's number, or its id where there is no such tip (any more)."""
    file: str = ""

    def __str__(self) -> str:
        where = (f"row {self.position}" * bool(self.position), f"tip {self.tip}" * bool(self.tip))
        place = ", ".join(part for part in (*where, f"file {self.file}" * bool(self.file)) if part)
        return f"{place}: {_SENTENCES[self.what]}" if place else _SENTENCES[self.what]


class Head(msgspec.Struct, frozen=True):
    """The end of a log, as it may be noted down and given again later: `<rows>:<hash>`."""

    position: int
    link: bytes

    @classmethod
    def read(cls, noted: str) -> Head:
        """Read a noted head.

        Raises:
            ValueError: it is none.
        """
        position, _, link = noted.strip().partition(":")
        head = cls(int(position), bytes.fromhex(link))
        if head.position < 1 or len(head.link) != len(chain.ORIGIN):
            raise ValueError(noted)
        return head

    def __str__(self) -> str:
        return f"{self.position}:{self.link.hex()}"


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit found."""

    rows: int
    tips: int
    head: Head
    problems: tuple[AuditProblem, ...]


def verify(services: Services, known: Head | None = None) -> AuditReport:
    """Verify the log of a live store, from its first row to its last.

    Args:
        services: the store.
        known: a head that an earlier audit gave, or a certificate names; the log must still hold it.
    """
    # Before the log: what is written meanwhile must be in it.
    anchored = services.read_keys(lambda c: c.execute(select(anchor)).one_or_none())
    return services.read(lambda c: _verify(c, anchored, services.evidence_dir, known))


def _verify(connection: Connection, anchored: DbRow[Any] | None, folder: Path, known: Head | None) -> AuditReport:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    walk = _Walk(anchored, known)
    walk.go(connection)
    problems = [*walk.problems, *_unlogged(connection, walk, folder)]
    numbers = {row.id: row.number for row in connection.execute(select(tables.tip.c.id, tables.tip.c.number))}
    named = [msgspec.structs.replace(one, tip=numbers.get(one.tip, one.tip)) for one in problems]
    return AuditReport(
        rows=walk.rows, tips=len(walk.tips), head=Head(walk.position, walk.link), problems=tuple(dict.fromkeys(named))
    )


class _Walk:
    """A walk along the log. After something wrong it goes on from what the row says, to name what else is wrong."""

    def __init__(self, anchored: DbRow[Any] | None, known: Head | None) -> None:
        self.problems: list[AuditProblem] = []
        self.rows = 0
        self.position = 0
        self.link = chain.ORIGIN
        self.tips: dict[str, tuple[int, bytes]] = {}
        """Tip → the newest seq and hash."""
        self.logged: set[tuple[str, str]] = set()
        self._erased: set[tuple[str, str]] = set()
        self._emptied: list[AuditProblem] = []
        self._anchored = anchored
        self._anchor_held = False
        self._known = known

    def go(self, connection: Connection) -> None:
        query = select(custody).order_by(custody.c.position).execution_options(yield_per=1000)
        for row in connection.execute(query):
            self._see(row)
        self._finish(connection)

    def _see(self, row: DbRow[Any]) -> None:
        where = {"position": row.position, "tip": row.tip, "file": row.file}
        seq, before = self.tips.get(row.tip, (0, chain.start(row.tip)))
        own = row_of(row)
        gap = row.position != self.position + 1
        if gap:
            self.problems.append(AuditProblem(what="missing", position=row.position))
        if row.seq != seq + 1:
            self.problems.append(AuditProblem(what="order", **where))
        elif chain.step(before, own) != row.hash or (
            not gap and chain.link(self.link, row.position, row.hash) != row.link
        ):
            self.problems.append(AuditProblem(what="altered", **where))
        self._look_into(row, own, where)
        self.rows += 1
        self.position, self.link = row.position, row.link
        self.tips[row.tip] = (row.seq, row.hash)
        self.logged.add((row.tip, row.file))
        self._anchor_held |= self._anchored is not None and self._anchored.link == row.link
        if self._known is not None and self._known == Head(row.position, row.link):
            self._known = None

    def _look_into(self, row: DbRow[Any], own: chain.Row, where: dict[str, Any]) -> None:
        if own.erasure:
            self._erased.add((row.tip, row.file))
        elif not row.sealed:
            self._emptied.append(AuditProblem(what="emptied", **where))
        elif chain.content_hash(row.sealed) != own.content:
            self.problems.append(AuditProblem(what="entry", **where))

    def _finish(self, connection: Connection) -> None:
        erased = self._erased
        self.problems += [p for p in self._emptied if not {(p.tip, p.file), (p.tip, "")} & erased]
        head = connection.execute(select(custody_head)).one_or_none()
        position, link = (head.position, head.link) if head else (0, chain.ORIGIN)
        if position > self.position:
            self.problems.append(AuditProblem(what="cut", position=self.position))
        elif link != self.link:
            self.problems.append(AuditProblem(what="head"))
        if not self._is_anchored():
            self.problems.append(AuditProblem(what="anchor"))
        if self._known is not None:
            self.problems.append(AuditProblem(what="known"))

    def _is_anchored(self) -> bool:
        """Whether the key store's note is on the log, or one transaction ahead of it, as a crash may leave it."""
        if self._anchored is None:
            return not self.rows
        return self._anchor_held or self._anchored.before == self.link


def _unlogged(connection: Connection, walk: _Walk, folder: Path) -> Iterator[AuditProblem]:
    """Files that the log does not know, and sealed ones that are not there."""
    table = tables.file
    withheld = _withheld(connection)
    settled = select(table.c.tip, table.c.ordinal, table.c.state).where(table.c.state != "due")
    for tip, ordinal, state in connection.execute(settled.order_by(table.c.tip, table.c.ordinal)):
        if (tip, ordinal) not in walk.logged:
            yield AuditProblem(what="unlogged", tip=tip, file=ordinal)
        sealed = state == "sealed" and (tip, ordinal) not in withheld
        if sealed and not original_path(folder, evidence_files.name(tip, ordinal)).exists():
            yield AuditProblem(what="no-file", tip=tip, file=ordinal)


def _withheld(connection: Connection) -> set[tuple[str, str]]:
    """In an office of its own: the files that the host never sent, voices above all."""
    if connection.execute(select(tables.uplink)).first() is None:
        return set()
    came, file = tables.arriving, tables.file
    here = exists().where(came.c.tip == file.c.tip, came.c.ordinal == file.c.ordinal)
    return {(row.tip, row.ordinal) for row in connection.execute(select(file.c.tip, file.c.ordinal).where(~here))}
