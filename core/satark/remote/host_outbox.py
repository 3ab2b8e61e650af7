"""At the host: a tip, made into cells for the office that it is for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from satark.custody import log as custody
from satark.evidence.own_voice import may_hear_voices
from satark.remote.frames import BODY, Frame, cells_of, file_cells, letter_cells, seal_cell
from satark.remote.messages import (
    FORMS,
    AnnouncedFile,
    CustodyEntry,
    DeskEntry,
    DirectoryMessage,
    Down,
    FileEntry,
    ThreadEntry,
    TipMessage,
    encode,
)
from satark.remote.offices import Office, copy_of, office_of
from satark.routing.desks import all_desks, find_desk
from satark.routing.destinations import to_tell
from satark.sink import Dead, Delivery, DeliveryResult, Done
from satark.store import evidence_files, tables
from satark.store.sealed_files import disguised_path

if TYPE_CHECKING:
    from pathlib import Path

    from satark.desk import Desk
    from satark.remote.link_keys import LinkKey
    from satark.services import ProcessServices
    from satark.store.unit_of_work import UnitOfWork

WINDOW = 16
"""Most cells of one file that wait for the carrier's confirmation at once; after a kill no more of them go again."""

Publish = Callable[[str, bytes], Awaitable[None]]
"""`Line.publish`."""


class HostOutbox:
    """Sends tips to offices."""

    def __init__(self, services: ProcessServices, key: LinkKey, copies: Collection[str] = ()) -> None:
        """`copies`: desks at the host of whose tips the carrier gets copies."""
        self._services = services
        self._copies = frozenset(copies)
        self._key = key

    async def dispatch(self, delivery: Delivery, publish: Publish) -> DeliveryResult:
        """Send a tip as it is now, and those of its files that the carrier does not have yet.

        Raises:
            NotCarried: the carrier did not take something. What it took is not sent again.
        """
        office = await asyncio.to_thread(self._services.read, lambda c: self._office(c, delivery.name))
        if office is None:
            return Dead("the desk has no office of its own: see `satark desk register`")
        letter = await asyncio.to_thread(self._letter, delivery.tip, delivery.name)
        if letter is None:
            return Dead("the tip was not sealed to this desk")
        if office.answers:
            await self._directory(office, publish)
        await self.post(office, letter, publish)
        for line in letter.files:
            for sealed in line.sealed:
                await self._file(office, letter.tip, line.ordinal, sealed, publish)
        return Done()

    async def post(self, office: Office, letter: Down, publish: Publish) -> None:
        """Send a letter.

        Raises:
            NotCarried: the carrier did not take it.
        """
        for cell in letter_cells(office.desk, "down", encode(letter)):
            await self._cell(office, cell, publish)

    async def _cell(self, office: Office, cell: Frame, publish: Publish) -> None:
        await publish(office.desk, await asyncio.to_thread(seal_cell, cell, self._key, office.link))

    def _office(self, connection: Connection, desk: str) -> Office | None:
        return office_of(connection, desk) or (copy_of(connection, desk) if desk in self._copies else None)

    async def _directory(self, office: Office, publish: Publish) -> None:
        desks = await asyncio.to_thread(self._services.read, _desk_lines)
        destination_rules = to_tell(self._services.destination_rules)
        whole = sha256(encode(DirectoryMessage(version=0, desks=desks, destination_rules=destination_rules))).digest()[
            :16
        ]
        if await self._sent(office.desk, whole):
            return
        letter = DirectoryMessage(version=time.time_ns(), desks=desks, destination_rules=destination_rules)
        await self.post(office, letter, publish)
        await self._note(office.desk, whole, 1)

    async def _file(self, office: Office, tip: str, ordinal: str, sealed: AnnouncedFile, publish: Publish) -> None:
        total = cells_of(sealed.size)
        done = await self._sent(office.desk, sealed.whole)
        path = FORMS[sealed.form](self._services.evidence_dir, evidence_files.name(tip, ordinal))
        while done < total:
            numbers = range(done, min(total, done + WINDOW))
            bodies = await asyncio.to_thread(lambda: list(_pieces(path, numbers)))  # noqa: B023 - run at once
            cells = file_cells(office.desk, sealed.whole, total, zip(numbers, bodies, strict=True))
            sending = (self._cell(office, cell, publish) for cell in cells)
            for outcome in await asyncio.gather(*sending, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            done = numbers.stop
            await self._note(office.desk, sealed.whole, done)

    async def _sent(self, desk: str, whole: bytes) -> int:
        query = select(tables.sent.c.cells).where(tables.sent.c.desk == desk, tables.sent.c.whole == whole)
        found = await asyncio.to_thread(self._services.read, lambda c: c.execute(query).scalar())
        return found or 0

    async def _note(self, desk: str, whole: bytes, cells: int) -> None:
        def write(unit: UnitOfWork) -> None:
            if not unit.insert_new(tables.sent, [{"desk": desk, "whole": whole, "cells": cells}], "whole"):
                here = (tables.sent.c.desk == desk) & (tables.sent.c.whole == whole) & (tables.sent.c.cells < cells)
                unit.main.execute(update(tables.sent).where(here).values(cells=cells))

        await self._services.write(write)

    def _letter(self, tip: str, desk: str) -> TipMessage | None:
        table = tables.envelope
        query = select(table.c.sealed).where(table.c.tip == tip, table.c.desk == desk)
        envelope = self._services.read_keys(lambda c: c.execute(query).scalar())
        if envelope is None:
            return None
        return self._services.read(lambda c: _tip_letter(c, self._services.evidence_dir, tip, desk, envelope))


def _tip_letter(connection: Connection, folder: Path, tip: str, desk: str, envelope: bytes) -> TipMessage | None:
    row = connection.execute(select(tables.tip).where(tables.tip.c.id == tip)).one_or_none()
    if row is None:
        return None
    return TipMessage(
        tip=tip,
        number=row.number,
        revision=row.revision,
        recipient=row.recipient,
        receipt_recipient=row.receipt_recipient,
        day=row.day,
        envelope=envelope,
        document=row.document,
        thread=tuple(_thread(connection, tip, desk)),
        files=tuple(_files(connection, folder, tip, find_desk(connection, desk))),
        custody=tuple(CustodyEntry(file=f, entry=e, sealed=s) for f, e, s in custody.sealed_entries(connection, tip)),
    )


def _thread(connection: Connection, tip: str, desk: str) -> Iterator[ThreadEntry]:
    table = tables.answered
    own = select(table.c.seq, table.c.id).where(table.c.tip == tip, table.c.desk == desk)
    answers = {row.seq: row.id for row in connection.execute(own)}
    message = tables.message
    query = select(message.c.seq, message.c.sealed).where(message.c.tip == tip).order_by(message.c.seq)
    for seq, sealed in connection.execute(query):
        yield ThreadEntry(seq=seq, sealed=sealed, answer=answers.get(seq, b""))


def _files(connection: Connection, folder: Path, tip: str, desk: Desk) -> Iterator[FileEntry]:
    table = tables.file
    query = select(table.c.ordinal, table.c.state, table.c.record).where(table.c.tip == tip)
    for ordinal, state, record in connection.execute(query):
        sealed = tuple(_sealed(folder, tip, ordinal, desk)) if state == "sealed" else ()
        yield FileEntry(ordinal=ordinal, state=state, record=record, sealed=sealed)


def _sealed(folder: Path, tip: str, ordinal: str, desk: Desk) -> Iterator[AnnouncedFile]:
    voice = disguised_path(folder, evidence_files.name(tip, ordinal)).exists()
    if voice and not may_hear_voices(desk.level):
        return  # a recorded voice never lies on a station's machine, not even sealed
    for form in FORMS:
        path = FORMS[form](folder, evidence_files.name(tip, ordinal))
        if path.exists():
            size = path.stat().st_size
            whole = sha256(f"{desk.name}/{tip}/{ordinal}/{form}/{size}".encode()).digest()[:16]
            yield AnnouncedFile(form=form, whole=whole, size=size)


def _pieces(path: Path, numbers: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(numbers.start * BODY)
        for _ in numbers:
            yield file.read(BODY)


def _desk_lines(connection: Connection) -> tuple[DeskEntry, ...]:
    return tuple(
        DeskEntry(name=desk.name, title=desk.title, level=desk.level, area=desk.area, recipient=desk.recipient)
        for desk in all_desks(connection)
    )
