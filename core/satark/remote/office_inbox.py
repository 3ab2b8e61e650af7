"""At an office: stores the host's frames, assembles messages and files from their chunks, and sends due answers."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.api.sink import Carrier, CarrierConnection, MessageRejected
from satark.custody import log as custody
from satark.remote import office_outbox
from satark.remote.frames import Frame, count_chunks, message_frames, open_frame, seal_frame
from satark.remote.link_keys import LinkKey, LinkPublicKeys
from satark.remote.messages import (
    HOST_MESSAGE,
    DirectoryMessage,
    ErasureMessage,
    FileEntry,
    HostMessage,
    RefusalMessage,
    TipMessage,
    decode,
)
from satark.remote.offices import store_directory
from satark.retention.erasure import erase_copies, is_erased_copy, remove_copied_files
from satark.retention.schedule import Rule
from satark.roster.chain import add_renewals
from satark.routing.desks import close_roster
from satark.routing.tip_keys import TipKeyAltered, changes_in
from satark.services import ProcessServices
from satark.store import changed_keys, envelopes, evidence_files, tables, tip_changes, tip_counts
from satark.store.sealed_files import form_name
from satark.store.unit_of_work import UnitOfWork

CHUNK_DAYS = 30
"""Days after which the chunks of an incomplete transfer are deleted."""

TipStored = Callable[[UnitOfWork, str, str, int], None]
"""Called with (unit, desk, tip, revision) in the transaction that stores a tip or a change of it."""


class OfficeInbox:
    """Accepts frames more than once and in any order. After a crash at any point it resumes."""

    def __init__(
        self,
        services: ProcessServices,
        key: LinkKey,
        host: LinkPublicKeys,
        desks: Collection[str],
        tip_stored: TipStored,
    ) -> None:
        self._services = services
        self._key = key
        self._host = host
        self._desks = frozenset(desks)
        self._tip_stored = tip_stored
        self._message_lock, self._file_lock = asyncio.Lock(), asyncio.Lock()

    async def accept(self, message: bytes) -> None:
        """Store one frame, and the message or file that it completes; return after the commit.

        Raises:
            MessageRejected: the frame is not the host's, was altered, or is for no desk of this office.
            StoreDown: the database can't be written now; retry later.
        """
        frame = await run_in_thread(self._open, message)
        if frame.kind == "cover":
            await self._services.write(lambda _: None)  # it takes as long as any other
            return
        if frame.kind == "message" and frame.total == 1:
            await self._accept_message(frame.desk, frame.body)
            return
        await self._services.write(lambda unit: _store_chunk(unit, frame))
        if frame.kind == "message":
            await self._complete_message(frame)
        else:
            await self._complete_files([frame.transfer_id])

    def _open(self, message: bytes) -> Frame:
        frame = open_frame(message, self._key).verified(self._host)
        if frame.direction != "to_office" or frame.desk not in self._desks:
            raise MessageRejected("desk")
        return frame

    async def _complete_message(self, frame: Frame) -> None:
        transfer_id = frame.transfer_id
        async with self._message_lock:
            if await run_in_thread(self._services.read, lambda c: _count(c, transfer_id)) < frame.total:
                return
            message = await run_in_thread(self._services.read, lambda c: b"".join(_bodies(c, transfer_id)))
            await self._accept_message(frame.desk, message)
            await self._services.write(lambda unit: _delete_chunks(unit, transfer_id))

    async def _accept_message(self, desk: str, encoded: bytes) -> None:
        message = decode(HOST_MESSAGE, encoded)
        try:
            await self._services.write(lambda unit: self._store(unit, desk, message))
        except (IntegrityError, TipKeyAltered):  # it contradicts what is stored, such as another tip of the same number
            raise MessageRejected("conflict") from None
        if erased := _erased(message):
            await run_in_thread(remove_copied_files, self._services.evidence, erased)
        if isinstance(message, TipMessage):
            await self._complete_files([file.transfer_id for entry in message.files for file in entry.sealed])

    def _store(self, unit: UnitOfWork, desk: str, message: HostMessage) -> None:
        table = tables.office_outbox
        erase_copies(unit, _erased(message))
        match message:
            case TipMessage() if is_erased_copy(unit.keys, message.tip):
                pass  # it was sent before the order to erase it, and came after
            case TipMessage():
                _store_tip(unit, desk, message)
                if not self._services.roster_state(unit).closed:
                    close_roster(unit, ())
                self._tip_stored(unit, desk, message.tip, message.revision)
            case DirectoryMessage():
                store_directory(unit, message, self._services)
                office_outbox.end_announcements(unit, self._services.signers(unit).host)
            case ErasureMessage():
                pass  # done above, as are the orders in a directory
            case RefusalMessage():
                refused = update(table).where(table.c.id == message.answer).values(state="refused")
                for tip in unit.main.execute(refused.returning(table.c.tip)).scalars():
                    tip_changes.note(unit, tip)

    async def _complete_files(self, transfer_ids: list[bytes]) -> None:
        """Write the announced files whose chunks have all arrived."""
        async with self._file_lock:
            for id_ in transfer_ids:
                if await run_in_thread(self._services.read, lambda c: _is_complete(c, id_)):  # noqa: B023 - awaited
                    await run_in_thread(self._services.read, lambda c: self._assemble(c, id_))  # noqa: B023
                    await self._services.write(lambda unit: _mark_received(unit, id_))  # noqa: B023

    def _assemble(self, connection: Connection, transfer_id: bytes) -> None:
        table = tables.announced_file
        row = connection.execute(select(table).where(table.c.transfer_id == transfer_id)).one()
        part = self._services.evidence.begin(form_name(evidence_files.name(row.tip, row.ordinal), row.form))
        try:
            part.file.writelines(_bodies(connection, transfer_id))
            self._services.evidence.finish(part)
        finally:
            part.discard()


def _erased(message: HostMessage) -> dict[str, Rule]:
    """Return the tips that a message orders to erase, each with its rule."""
    orders = message.erased if isinstance(message, DirectoryMessage) else (message,)
    return {one.tip: one.rule for one in orders if isinstance(one, ErasureMessage)}


def _store_tip(unit: UnitOfWork, desk: str, message: TipMessage) -> None:
    same = ("number", "revision", "recipient", "document", "day")
    row = {"id": message.tip} | {name: getattr(message, name) for name in same}
    known, listed = changed_keys.read(unit, message.tip), changes_in(message.key_changes)
    is_newer = known is None or not {*listed} <= {*changes_in(known)}  # nobody puts an older key of the tip back
    if is_newer and listed:
        add_renewals(unit, [one.renewal for one in listed if one.renewal])
    if known is None:
        tip_counts.count(unit, message.tip)
        unit.insert(tables.tip, [row | {"key_changes": changed_keys.first(unit, message.tip)}])
    elif is_newer:
        unit.main.execute(update(tables.tip).where(tables.tip.c.id == message.tip).values(row))
    if is_newer and listed:
        changed_keys.store(unit, message.tip, message.key_changes)
    # A change of the desk's key may have resealed the envelope of the same key here: then this one is older.
    if is_newer or envelopes.find(unit.keys, message.tip, desk) is None:
        envelopes.store(unit, message.tip, desk, message.envelope, is_new=known is None)
    _store_thread(unit, message)
    tip_changes.note(unit, message.tip)
    for entry in message.files:
        _store_file(unit, message.tip, entry)
    custody.import_entries(unit, message.tip, [(one.file, one.entry, one.sealed) for one in message.custody])


def _store_thread(unit: UnitOfWork, message: TipMessage) -> None:
    table = tables.message
    last = unit.main.execute(select(func.max(table.c.seq)).where(table.c.tip == message.tip)).scalar() or 0
    fields = {"tip": message.tip, "day": unit.day, "notified": True}
    new = [entry for entry in message.thread if entry.seq > last]
    unit.insert(table, [{**fields, "seq": entry.seq, **envelopes.covered(sealed=entry.sealed)} for entry in new])
    outbox, sealed = tables.office_outbox.c, {entry.sealed for entry in message.thread}
    waiting = unit.main.execute(select(outbox.id, outbox.sealed).where(outbox.tip == message.tip))
    confirmed = [row.id for row in waiting if row.sealed in sealed]  # as it was written here
    unit.main.execute(delete(tables.office_outbox).where(outbox.id.in_(confirmed)))


def _store_file(unit: UnitOfWork, tip: str, entry: FileEntry) -> None:
    this = (tables.file.c.tip == tip, tables.file.c.ordinal == entry.ordinal)
    row = {"tip": tip, "ordinal": entry.ordinal, "state": "due", "record": b"", "job": b""}
    unit.insert_new(tables.file, [{**row, "attempts": 0, "due_at": 0, "reason": ""}], "ordinal")
    state, record = unit.main.execute(select(tables.file.c.state, tables.file.c.record).where(*this)).one()
    if state != "due" or record or entry.state == "due":
        return
    # A file whose content is sent stays due here until it has arrived. Of a voice that a station must not have, only
    # the record is sent.
    state = "due" if entry.sealed else entry.state
    forms = evidence_files.forms_tag(unit.keys, tip, entry.ordinal, {one.form: one.size for one in entry.sealed})
    values = {"state": state, "forms": forms, **envelopes.covered(record=entry.record)}
    lost = evidence_files.lost_values(unit.keys, tip, entry.ordinal) if state == "lost" else {}
    unit.main.execute(update(tables.file).where(*this).values(values | lost))
    fields = {"tip": tip, "ordinal": entry.ordinal, "received": False}
    rows = [{**fields, "transfer_id": one.transfer_id, "form": one.form, "size": one.size} for one in entry.sealed]
    unit.insert_new(tables.announced_file, rows, "transfer_id")


def _store_chunk(unit: UnitOfWork, frame: Frame) -> None:
    announced = tables.announced_file.c
    query = select(announced.received).where(announced.transfer_id == frame.transfer_id)
    if frame.kind == "file" and unit.main.execute(query).scalar():
        return
    row = {"transfer_id": frame.transfer_id, "number": frame.index, "body": frame.body, "day": unit.day}
    unit.insert_new(tables.chunk, [row], "number")


def _count(connection: Connection, transfer_id: bytes) -> int:
    table = tables.chunk
    query = select(func.count()).select_from(table).where(table.c.transfer_id == transfer_id)
    return connection.execute(query).scalar_one()


def _bodies(connection: Connection, transfer_id: bytes) -> Iterator[bytes]:
    table = tables.chunk
    query = select(table.c.body).where(table.c.transfer_id == transfer_id).order_by(table.c.number)
    yield from connection.execution_options(yield_per=16).execute(query).scalars()


def _delete_chunks(unit: UnitOfWork, transfer_id: bytes) -> None:
    unit.main.execute(delete(tables.chunk).where(tables.chunk.c.transfer_id == transfer_id))


def _is_complete(connection: Connection, transfer_id: bytes) -> bool:
    table = tables.announced_file
    query = select(table.c.size).where(table.c.transfer_id == transfer_id, ~table.c.received)
    size = connection.execute(query).scalar()
    return size is not None and _count(connection, transfer_id) == count_chunks(size)


def _mark_received(unit: UnitOfWork, transfer_id: bytes) -> None:
    """Mark a sealed file as received and delete its chunks; show the file to the desk once all its forms are here."""
    table = tables.announced_file
    mark = update(table).where(table.c.transfer_id == transfer_id).values(received=True)
    tip, ordinal = unit.main.execute(mark.returning(table.c.tip, table.c.ordinal)).one()
    _delete_chunks(unit, transfer_id)
    missing = select(func.count()).where(table.c.tip == tip, table.c.ordinal == ordinal, ~table.c.received)
    if not unit.main.execute(missing).scalar_one():
        this = update(tables.file).where(tables.file.c.tip == tip, tables.file.c.ordinal == ordinal)
        unit.main.execute(this.values(state="sealed"))
        tip_changes.note(unit, tip)


POLL_SECONDS = 1.0
"""Seconds between two checks for answers that are due."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OfficeAgent:
    """Exchanges messages with the host for the desks of one office."""

    services: ProcessServices
    carrier: Carrier
    url: str
    key: LinkKey
    host: LinkPublicKeys
    desks: Sequence[str]
    tip_stored: TipStored

    async def run(self) -> None:
        """Connect and exchange messages until cancelled. If the connection breaks, this raises: call it again."""
        chunk = tables.chunk  # of transfers that never became complete
        await self.services.write(
            lambda unit: unit.main.execute(delete(chunk).where(chunk.c.day < unit.day - CHUNK_DAYS))
        )
        async with self.carrier.connect(self.url) as connection:
            log.info("office connected")
            inbox = OfficeInbox(self.services, self.key, self.host, self.desks, self.tip_stored)
            async with asyncio.TaskGroup() as tasks:
                for desk in self.desks:
                    tasks.create_task(connection.consume(desk, inbox.accept))
                while True:
                    await self.send_due_answers(connection)
                    await asyncio.sleep(POLL_SECONDS)

    async def send_due_answers(self, connection: CarrierConnection) -> None:
        """Send the answers that are due now.

        Raises:
            CarrierError: an answer was not confirmed. It stays in the outbox and is sent again.
        """
        due = await run_in_thread(self.services.read, lambda c: office_outbox.due_answers(c, int(time.time())))
        for answer in due:
            (frame,) = message_frames(answer.desk, "to_host", answer.message)
            await connection.publish_answer(await run_in_thread(seal_frame, frame, self.key, self.host))
            sent = update(tables.office_outbox).where(tables.office_outbox.c.id == answer.id)
            await self.services.write(lambda unit: unit.main.execute(sent.values(sent_at=unit.now)))  # noqa: B023
