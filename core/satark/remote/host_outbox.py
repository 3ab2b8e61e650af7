"""At the host: sends tips to remote offices, as messages and file chunks in padded frames."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from satark.api.background import run_in_thread
from satark.api.routing import DESK_SINK, Desk, DestinationRule
from satark.api.sealing import encrypt_alike
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done
from satark.custody import log as custody
from satark.evidence.own_voice import may_hear_voices
from satark.identity.random_bytes import random_bytes
from satark.remote.frames import CHUNK_SIZE, Frame, count_chunks, cover_frame, file_frames, message_frames, seal_frame
from satark.remote.link_keys import LinkKey
from satark.remote.messages import (
    FORM_PATHS,
    AnnouncedFile,
    CustodyEntry,
    DirectoryMessage,
    ErasureMessage,
    FileEntry,
    HostMessage,
    ThreadEntry,
    TipMessage,
    encode,
)
from satark.remote.offices import Office, copy_recipient, office_of
from satark.retention.erasure import ERASED, is_cover_of_erased, sent_tag
from satark.routing.desks import all_desks, find_desk
from satark.routing.destinations import encode_rules
from satark.services import ProcessServices
from satark.store import envelopes, evidence_files, tables
from satark.store.sealed_files import disguised_path
from satark.store.unit_of_work import UnitOfWork

WINDOW = 16
"""Most chunks of one file that are unconfirmed at a time, and so the most that are sent again after a crash."""

Publish = Callable[[str, bytes], Awaitable[None]]
"""`CarrierConnection.publish`."""


class HostOutbox:
    """Sends tips to remote offices."""

    def __init__(self, services: ProcessServices, key: LinkKey, copies: Collection[str] = ()) -> None:
        """`copies`: desks at this host whose tips are copied to the carrier."""
        self._services = services
        self._copies = frozenset(copies)
        self._key = key

    async def send_tip(self, delivery: Delivery, publish: Publish) -> DeliveryResult:
        """Send the complete state of a tip, and those of its files that the carrier has not confirmed yet.

        For an erased tip, send the order to erase the office's copy. A desk that the tip was not sealed to is sent as
        many covers.

        Raises:
            CarrierError: a frame was not confirmed. Confirmed file chunks are not sent again.
        """
        office = await run_in_thread(self._services.read, lambda c: self._office(c, delivery.name))
        if office is None:
            return DeadLetter("the desk is not in a remote office: see `satark desk register`")
        if delivery.kind == ERASED:
            order = _erasure(delivery.tip)
            is_cover = await run_in_thread(self._services.read_keys, lambda c: is_cover_of_erased(c, order.tip))
            await self.send(office, order, publish, is_cover=is_cover)
            return Done()
        message, is_cover = await run_in_thread(self._read_tip, delivery.tip, delivery.name)
        if message is None:
            return DeadLetter("there is no such tip")
        if office.answer_verifier:
            await self._send_directory(office, publish)
        tag = sent_tag(delivery.tip, office.desk, is_cover=is_cover)
        await self._record_sent(office.desk, await run_in_thread(self._services.read_keys, tag), 1)
        await self._send_all(office, message, publish, b"cover" if is_cover else b"")
        return Done()

    async def send_covers(self, publish: Publish) -> None:
        """Send to each desk what looks like one of the stored tips.

        Raises:
            CarrierError: a frame was not confirmed.
        """
        tip, desks = await run_in_thread(self._services.read, self._any_tip)
        for desk in desks if tip else ():
            office = await run_in_thread(self._services.read, lambda c: self._office(c, desk))  # noqa: B023 - awaited
            message, _ = await run_in_thread(self._read_tip, tip, desk)
            if office and message:
                await self._send_all(office, message, publish, random_bytes(16))

    def _any_tip(self, connection: Connection) -> tuple[str, list[str]]:
        tip = connection.execute(select(tables.tip.c.id).order_by(func.random()).limit(1)).scalar()
        offices = [desk.name for desk in all_desks(connection) if desk.name in self._copies or desk.via != DESK_SINK]
        return tip or "", offices

    async def _send_all(self, office: Office, message: TipMessage, publish: Publish, cover: bytes) -> None:
        """Send a message and its files; if `cover` is not empty, as many covers, once for each value of `cover`."""
        await self.send(office, message, publish, is_cover=bool(cover))
        for entry in message.files:
            for file in entry.sealed:
                path = FORM_PATHS[file.form](
                    self._services.evidence_dir, evidence_files.name(message.tip, entry.ordinal)
                )
                await self._send_file(office, path, file, publish, cover)

    async def send(self, office: Office, message: HostMessage, publish: Publish, *, is_cover: bool = False) -> None:
        """Send a message, or as many covers.

        Raises:
            CarrierError: a frame was not confirmed.
        """
        for frame in message_frames(office.desk, "to_office", encode(message)):
            await self._send_frame(office, cover_frame(office.desk) if is_cover else frame, publish)

    async def _send_frame(self, office: Office, frame: Frame, publish: Publish) -> None:
        await publish(office.desk, await run_in_thread(seal_frame, frame, self._key, office.link))

    def _office(self, connection: Connection, desk: str) -> Office | None:
        return office_of(connection, desk) or (copy_recipient(connection, desk) if desk in self._copies else None)

    async def _send_directory(self, office: Office, publish: Publish) -> None:
        roster, readable = await run_in_thread(self._directory)
        rules = encode_rules(readable)
        unversioned = encode(DirectoryMessage(version=0, roster=roster, destination_rules=rules))
        transfer_id = sha256(unversioned).digest()[:16]
        if await self._sent_chunks(office.desk, transfer_id):
            return
        message = DirectoryMessage(version=time.time_ns(), roster=roster, destination_rules=rules)
        await self.send(office, message, publish)
        await self._record_sent(office.desk, transfer_id, 1)

    def _directory(self) -> tuple[tuple[bytes, ...], tuple[DestinationRule, ...]]:
        """Return the roster and the destinations that it lists: offices seal to them."""
        roster = self._services.roster
        state = self._services.read_keys(roster.check).state
        entries = self._services.read_keys(roster.stored_entries)
        return tuple(entries), roster.readable_rules(state, self._services.destination_rules)

    async def _send_file(self, office: Office, path: Path, file: AnnouncedFile, publish: Publish, cover: bytes) -> None:
        total, id_ = count_chunks(file.size), file.transfer_id
        if cover:  # so that the file itself is sent if the desk is given the tip
            id_ = sha256(cover + id_).digest()[:16]
        done = await self._sent_chunks(office.desk, id_)
        while done < total:
            numbers = range(done, min(total, done + WINDOW))
            bodies = await run_in_thread(lambda: list(_read_chunks(path, numbers)))  # noqa: B023 - awaited at once
            frames = file_frames(office.desk, id_, total, zip(numbers, bodies, strict=True))
            covered = (cover_frame(office.desk) if cover else frame for frame in frames)
            sending = (self._send_frame(office, frame, publish) for frame in covered)
            for outcome in await asyncio.gather(*sending, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            done = numbers.stop
            await self._record_sent(office.desk, id_, done)

    async def _sent_chunks(self, desk: str, transfer_id: bytes) -> int:
        table = tables.sent_transfer
        query = select(table.c.chunks).where(table.c.desk == desk, table.c.transfer_id == transfer_id)
        found = await run_in_thread(self._services.read, lambda c: c.execute(query).scalar())
        return found or 0

    async def _record_sent(self, desk: str, transfer_id: bytes, chunks: int) -> None:
        table = tables.sent_transfer

        def write(unit: UnitOfWork) -> None:
            row = {"desk": desk, "transfer_id": transfer_id, "chunks": chunks}
            if not unit.insert_new(table, [row], "transfer_id"):
                behind = (table.c.desk == desk) & (table.c.transfer_id == transfer_id) & (table.c.chunks < chunks)
                unit.main.execute(update(table).where(behind).values(chunks=chunks))

        await self._services.write(write)

    def _read_tip(self, tip: str, desk: str) -> tuple[TipMessage | None, bool]:
        """Return a tip, and whether the desk must have nothing of it but covers."""
        envelope = self._services.read_keys(lambda c: envelopes.find(c, tip, desk))
        stands_in = envelope or encrypt_alike(bytes(envelopes.PADDED))
        message = self._services.read(lambda c: _tip_message(c, self._services.evidence_dir, tip, desk, stands_in))
        return message, envelope is None


def _tip_message(connection: Connection, folder: Path, tip: str, desk: str, envelope: bytes) -> TipMessage | None:
    row = connection.execute(select(tables.tip).where(tables.tip.c.id == tip)).one_or_none()
    if row is None:
        return None
    return TipMessage(
        tip=tip,
        number=row.number,
        revision=row.revision,
        recipient=row.recipient,
        key_changes=row.key_changes,
        day=row.day,
        envelope=envelope,
        document=row.document,
        thread=tuple(_thread(connection, tip, desk)),
        files=tuple(_files(connection, folder, tip, find_desk(connection, desk))),
        custody=tuple(CustodyEntry(file=f, entry=e, sealed=s) for f, e, s in custody.sealed_entries(connection, tip)),
    )


def _thread(connection: Connection, tip: str, desk: str) -> Iterator[ThreadEntry]:
    table = tables.received_answer
    own = select(table.c.seq, table.c.id).where(table.c.tip == tip, table.c.desk == desk)
    answers = {row.seq: row.id for row in connection.execute(own)}
    message = tables.message
    query = (
        select(message.c.seq, message.c.sealed).where(message.c.tip == tip, message.c.seq > 0).order_by(message.c.seq)
    )
    for seq, sealed in connection.execute(query):
        yield ThreadEntry(seq=seq, sealed=sealed, answer=answers.get(seq, b""))


def _files(connection: Connection, folder: Path, tip: str, desk: Desk) -> Iterator[FileEntry]:
    table = tables.file
    query = select(table.c.ordinal, table.c.state, table.c.record).where(table.c.tip == tip)
    for ordinal, state, record in connection.execute(query):
        sealed = tuple(_sealed_forms(folder, tip, ordinal, desk)) if state == "sealed" else ()
        yield FileEntry(ordinal=ordinal, state=state, record=record, sealed=sealed)


def _sealed_forms(folder: Path, tip: str, ordinal: str, desk: Desk) -> Iterator[AnnouncedFile]:
    is_voice = disguised_path(folder, evidence_files.name(tip, ordinal)).exists()
    if is_voice and not may_hear_voices(desk.level):
        return  # a recorded voice is never stored on a station's machine, not even sealed
    for form in FORM_PATHS:
        path = FORM_PATHS[form](folder, evidence_files.name(tip, ordinal))
        if path.exists():
            size = path.stat().st_size
            transfer_id = sha256(f"{desk.name}/{tip}/{ordinal}/{form}/{size}".encode()).digest()[:16]
            yield AnnouncedFile(form=form, transfer_id=transfer_id, size=size)


def _read_chunks(path: Path, numbers: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(numbers.start * CHUNK_SIZE)
        for _ in numbers:
            yield file.read(CHUNK_SIZE)


def _erasure(delivered: str) -> ErasureMessage:
    """Make the order to erase a copy from the id of its delivery: `erased:<tip>:<rule>`."""
    _, tip, rule = delivered.split(":")
    return ErasureMessage(tip=tip, rule="officers" if rule == "officers" else "term")
