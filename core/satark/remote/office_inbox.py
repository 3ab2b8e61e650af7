"""At an office: what comes from the host, into the office's own store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, update

from satark import atomic_files
from satark.carrier import Refused
from satark.custody import log as custody
from satark.remote.frames import Frame, cells_of, open_cell
from satark.remote.messages import (
    FORMS,
    DirectoryMessage,
    Down,
    FileEntry,
    Form,
    KeyAcceptedMessage,
    RefusalMessage,
    TipMessage,
    decode_down,
)
from satark.remote.offices import keep_directory
from satark.store import evidence_files, tables
from satark.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from satark.remote.link_keys import LinkCard, LinkKey
    from satark.services import ProcessServices

PIECE_DAYS = 30
"""Days after which pieces of something that never became complete are forgotten."""

Arrived = Callable[[UnitOfWork, str, str, int], None]
"""Is called in the transaction in which a tip arrives or changes: (unit, desk, tip, revision)."""


class OfficeInbox:
    """Takes cells. They may come twice, in any order, and after a kill at any point."""

    def __init__(
        self, services: ProcessServices, key: LinkKey, host: LinkCard, desks: Collection[str], arrived: Arrived
    ) -> None:
        self._services = services
        self._key = key
        self._host = host
        self._desks = frozenset(desks)
        self._arrived = arrived
        self._putting, self._assembling = asyncio.Lock(), asyncio.Lock()

    async def take(self, message: bytes) -> None:
        """Take one cell; return when it is durable here, and with it whatever it completed.

        Raises:
            Refused: it is not the host's, was altered, or is for no desk of this office.
            StoreDown: not now.
        """
        cell = await asyncio.to_thread(self._open, message)
        if cell.kind == "letter" and cell.total == 1:
            await self._read(cell.desk, cell.body)
            return
        await self._services.write(lambda unit: _keep_piece(unit, cell))
        if cell.kind == "letter":
            await self._put_together(cell)
        else:
            await self._finish([cell.whole])

    def sweep(self, unit: UnitOfWork) -> None:
        """Forget pieces of what never became complete."""
        unit.main.execute(delete(tables.piece).where(tables.piece.c.day < unit.day - PIECE_DAYS))

    def _open(self, message: bytes) -> Frame:
        cell = open_cell(message, self._key).checked(self._host)
        if cell.way != "down" or cell.desk not in self._desks:
            raise Refused("desk")
        return cell

    async def _put_together(self, cell: Frame) -> None:
        async with self._putting:
            if await asyncio.to_thread(self._services.read, lambda c: _count(c, cell.whole)) < cell.total:
                return
            letter = await asyncio.to_thread(self._services.read, lambda c: b"".join(_bodies(c, cell.whole)))
            await self._read(cell.desk, letter)
            await self._services.write(lambda unit: _forget(unit, cell.whole))

    async def _read(self, desk: str, encoded: bytes) -> None:
        letter = decode_down(encoded)
        await self._services.write(lambda unit: self._enter(unit, desk, letter))
        if isinstance(letter, TipMessage):
            await self._finish([sealed.whole for line in letter.files for sealed in line.sealed])

    def _enter(self, unit: UnitOfWork, desk: str, letter: Down) -> None:
        match letter:
            case TipMessage():
                _enter_tip(unit, desk, letter)
                self._arrived(unit, desk, letter.tip, letter.revision)
            case DirectoryMessage():
                keep_directory(unit, letter, set(self._desks))
            case KeyAcceptedMessage():
                unit.main.execute(delete(tables.answer).where(tables.answer.c.id == letter.answer))
            case RefusalMessage():
                mine = update(tables.answer).where(tables.answer.c.id == letter.answer)
                unit.main.execute(mine.values(state="refused"))

    async def _finish(self, wholes: list[bytes]) -> None:
        """Make files of those that are announced and complete."""
        async with self._assembling:
            for whole in wholes:
                if await asyncio.to_thread(self._services.read, lambda c: _is_complete(c, whole)):  # noqa: B023 - awaited
                    await asyncio.to_thread(self._services.read, lambda c: self._assemble(c, whole))  # noqa: B023
                    await self._services.write(lambda unit: _file_is_here(unit, whole))  # noqa: B023 - likewise

    def _assemble(self, connection: Connection, whole: bytes) -> None:
        row = connection.execute(select(tables.arriving).where(tables.arriving.c.whole == whole)).one()
        folder = self._services.evidence_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        form: Form = row.form
        atomic_files.replace(FORMS[form](folder, evidence_files.name(row.tip, row.ordinal)), _bodies(connection, whole))


def _enter_tip(unit: UnitOfWork, desk: str, letter: TipMessage) -> None:
    row = {
        "id": letter.tip,
        "number": letter.number,
        "revision": letter.revision,
        "recipient": letter.recipient,
        "receipt_recipient": letter.receipt_recipient,
        "document": letter.document,
        "day": letter.day,
    }
    known = select(tables.tip.c.revision).where(tables.tip.c.id == letter.tip)
    revision = unit.main.execute(known).scalar()
    if revision is None:
        unit.insert(tables.tip, [row])
    elif revision < letter.revision:
        unit.main.execute(update(tables.tip).where(tables.tip.c.id == letter.tip).values(row))
    # The same revision's envelope may have been sealed anew here since, with a change of the desk's key.
    held = select(tables.envelope.c.tip).where(tables.envelope.c.tip == letter.tip, tables.envelope.c.desk == desk)
    if (revision or 0) < letter.revision or unit.keys.execute(held).scalar() is None:
        unit.replace(tables.envelope, [{"tip": letter.tip, "desk": desk, "sealed": letter.envelope}])
    _enter_thread(unit, letter)
    for line in letter.files:
        _enter_file(unit, letter.tip, line)
    custody.take_over(unit, letter.tip, [(line.file, line.entry, line.sealed) for line in letter.custody])


def _enter_thread(unit: UnitOfWork, letter: TipMessage) -> None:
    fields = {"tip": letter.tip, "day": unit.day, "announced": True}
    known = select(func.max(tables.message.c.seq)).where(tables.message.c.tip == letter.tip)
    last = unit.main.execute(known).scalar() or 0
    unit.insert(tables.message, [{**fields, "seq": m.seq, "sealed": m.sealed} for m in letter.thread if m.seq > last])
    answers = [message.answer for message in letter.thread if message.answer]
    unit.main.execute(delete(tables.answer).where(tables.answer.c.id.in_(answers)))


def _enter_file(unit: UnitOfWork, tip: str, line: FileEntry) -> None:
    here = (tables.file.c.tip == tip, tables.file.c.ordinal == line.ordinal)
    row = {"tip": tip, "ordinal": line.ordinal, "state": "due", "record": b"", "job": b""}
    unit.insert_new(tables.file, [{**row, "attempts": 0, "due_at": 0, "reason": ""}], "ordinal")
    state, record = unit.main.execute(select(tables.file.c.state, tables.file.c.record).where(*here)).one()
    if state != "due" or record or line.state == "due":
        return
    # What the host sends is due here until it has come; of a voice that it keeps from a station there is a record.
    becomes = "due" if line.sealed else line.state
    unit.main.execute(update(tables.file).where(*here).values(state=becomes, record=line.record))
    announced = {"tip": tip, "ordinal": line.ordinal}
    rows = [{**announced, "whole": one.whole, "form": one.form, "size": one.size, "here": False} for one in line.sealed]
    unit.insert_new(tables.arriving, rows, "whole")


def _keep_piece(unit: UnitOfWork, cell: Frame) -> None:
    if cell.kind == "file" and _is_here(unit, cell.whole):
        return
    row = {"whole": cell.whole, "number": cell.index, "body": cell.body, "day": unit.day}
    unit.insert_new(tables.piece, [row], "number")


def _is_here(unit: UnitOfWork, whole: bytes) -> bool:
    here = select(tables.arriving.c.here).where(tables.arriving.c.whole == whole)
    return bool(unit.main.execute(here).scalar())


def _count(connection: Connection, whole: bytes) -> int:
    query = select(func.count()).select_from(tables.piece).where(tables.piece.c.whole == whole)
    return connection.execute(query).scalar_one()


def _bodies(connection: Connection, whole: bytes) -> Iterator[bytes]:
    query = select(tables.piece.c.body).where(tables.piece.c.whole == whole).order_by(tables.piece.c.number)
    yield from connection.execution_options(yield_per=16).execute(query).scalars()


def _forget(unit: UnitOfWork, whole: bytes) -> None:
    unit.main.execute(delete(tables.piece).where(tables.piece.c.whole == whole))


def _is_complete(connection: Connection, whole: bytes) -> bool:
    table = tables.arriving
    size = connection.execute(select(table.c.size).where(table.c.whole == whole, ~table.c.here)).scalar()
    return size is not None and _count(connection, whole) == cells_of(size)


def _file_is_here(unit: UnitOfWork, whole: bytes) -> None:
    """Forget a file's pieces; once its other form is here too, desks may see it."""
    table = tables.arriving
    mine = update(table).where(table.c.whole == whole).values(here=True).returning(table.c.tip, table.c.ordinal)
    tip, ordinal = unit.main.execute(mine).one()
    _forget(unit, whole)
    missing = select(func.count()).where(table.c.tip == tip, table.c.ordinal == ordinal, ~table.c.here)
    if not unit.main.execute(missing).scalar_one():
        here = update(tables.file).where(tables.file.c.tip == tip, tables.file.c.ordinal == ordinal)
        unit.main.execute(here.values(state="sealed"))
