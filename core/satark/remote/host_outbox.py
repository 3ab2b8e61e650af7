"""At the host: sends tips to remote offices, as messages and file chunks in padded frames."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import keep_running, run_in_thread
from satark.api.routing import DESK_SINK, Desk, Destination, DestinationRule
from satark.api.sealing import encrypt_alike
from satark.api.sink import CarrierError, DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark.custody import log as custody
from satark.evidence.own_voice import may_hear_voices
from satark.identity.random_bytes import random_bytes
from satark.remote.frames import CHUNK_SIZE, Frame, count_chunks, cover_frame, file_frames, message_frames, seal_frame
from satark.remote.link_keys import LinkKey
from satark.remote.messages import (
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
from satark.remote.offices import DAY, Office, copy_recipient, office_of
from satark.retention.erasure import sent_tag
from satark.routing.rules import encode_rules
from satark.services import ProcessServices
from satark.store import (
    changed_keys,
    deliveries,
    due_times,
    envelopes,
    erasure_orders,
    evidence_files,
    tables,
    threads,
)
from satark.store.delivery_marks import ALTERED, kind_of_id
from satark.store.sealed_files import FORMS, SealedForm, form_name
from satark.store.unit_of_work import UnitOfWork
from satark_files.file_store import FileStore

WINDOW = 16
"""Most unconfirmed chunks of one file at a time, and so the most that are sent again after a crash."""

Publish = Callable[[str, bytes], Awaitable[None]]
"""`CarrierConnection.publish`."""


_MOMENTS = 16
"""Moments of an office before the present one whose rows are deleted, or, the later half of them, kept."""
_KIND = 3
"""Bytes of a tag that say whether a moment is taken by messages or by a cover."""
_LOOK_SECONDS = 60
"""Seconds between two looks for new offices, and whether an office lacks the roster of today."""
_HEADER = 8
"""Bytes that a field's own length takes at most."""
WITH_FILES = 6 * 3600
"""Seconds between two covers that stand for no tip but have files, on average."""


class HostOutbox:
    """Sends tips to remote offices."""

    def __init__(self, services: ProcessServices, key: LinkKey, copies: Collection[str] = ()) -> None:
        """`copies`: desks at this host whose tips are copied to the carrier."""
        self._services = services
        self._copies = frozenset(copies)
        self._key = key

    async def send_tip(self, delivery: Delivery, publish: Publish) -> DeliveryResult:
        """Send the complete state of a tip, and its files that the carrier has not confirmed yet.

        For an erased tip, send the order to erase the office's copy. A desk that the tip was not sealed to gets as many
        covers, unless something else was sent at this moment of the office.

        Raises:
            CarrierError: a frame was not confirmed. Confirmed file chunks are not sent again.
        """
        office = await run_in_thread(self._services.read, lambda c: self._office(c, delivery.name))
        if office is None:
            return DeadLetter("no office of this desk is known, or somebody altered its keys: `satark desk register`")
        if delivery.kind == erasure_orders.ERASED:
            return await self._send_erasure(office, delivery, publish)
        id_, keys = bytes.fromhex(delivery.idempotency_key), self._services.keys
        kind = await run_in_thread(self._services.read, lambda c: kind_of_id(c, keys, id_))
        tip, is_cover = await run_in_thread(self._read_tip, delivery.tip, delivery.name)
        if tip is None:
            return DeadLetter("there is no such tip")
        if kind is None:
            return DeadLetter(ALTERED)
        is_cover = is_cover or kind == "cover"
        tag = sent_tag(delivery.tip, office.desk, is_cover=is_cover)
        recorded = await run_in_thread(self._services.read_keys, tag)
        if is_cover:  # also where none is sent now: what was taken back before it was sent never lay at the office
            await self._record_sent(office.desk, recorded, 1)
        if late := await self._takes_turn(office, Destination(delivery.destination), is_cover=is_cover):
            return late
        if not is_cover:
            await self._record_sent(office.desk, recorded, 1)
        await self._send_all(office, tip, publish, b"cover" if is_cover else b"")
        return Done()

    async def _send_erasure(self, office: Office, delivery: Delivery, publish: Publish) -> DeliveryResult:
        id_ = bytes.fromhex(delivery.idempotency_key)
        order = erasure_orders.read_order(self._services.keys, delivery.destination, delivery.tip, id_)
        if order is None:
            return DeadLetter("somebody wrote this order into the database")
        if late := await self._takes_turn(office, Destination(delivery.destination), is_cover=order.is_cover):
            return late
        await self.send(office, ErasureMessage(tip=order.tip, rule=order.rule), publish, is_cover=order.is_cover)
        return Done()

    async def send_covers(self, publish: Publish) -> None:
        """Send each office the roster, and a cover at its moments when no delivery waits for it, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            known = set[Destination]()
            while True:
                # A copy of a desk at this host is read by nobody who could tell covers from tips.
                remote = {
                    desk.destination for desk in await run_in_thread(self._services.desks) if desk.via != DESK_SINK
                }
                for to in remote - known:
                    tasks.create_task(keep_running("rosters", partial(self._send_rosters, to, publish)))
                    if self._services.office_seconds:
                        tasks.create_task(keep_running("covers", partial(self._send_covers_to, to, publish)))
                known |= remote
                await asyncio.sleep(_LOOK_SECONDS)

    async def _send_covers_to(self, to: Destination, publish: Publish) -> None:
        while True:
            at = due_times.next_moment(self._services.keys, to, self._services.office_seconds, int(time.time()))
            await asyncio.sleep(at - time.time())
            with suppress(CarrierError, SQLAlchemyError):
                await self.send_cover(to, publish, at)
            await asyncio.sleep(1)

    async def _send_rosters(self, to: Destination, publish: Publish) -> None:
        # Never together with a delivery: the roster would tell the office that a tip was told which is kept from it.
        while True:
            with suppress(CarrierError, SQLAlchemyError):
                office = await run_in_thread(self._services.read, lambda c: self._office(c, to.name))
                if office and office.link.verifier:
                    await self.send_directory(office, publish)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _takes_turn(self, office: Office, to: Destination, *, is_cover: bool) -> DeliveryResult | None:
        """Take the office's present moment for a message or a cover; return what becomes of it if that is taken.

        At a moment an office gets its own messages, or one cover: a cover beside a message, or a second one, would tell
        it of a tip that is kept from it.
        """
        if not office.link.verifier:
            return None
        now, every, keys = int(time.time()), self._services.office_seconds, self._services.keys
        if is_cover and (not every or await run_in_thread(self._services.read, lambda c: self._own_waits(c, to, now))):
            return Done()
        if not every:
            return None
        at = await run_in_thread(due_times.last_moment, keys, to, every, now)
        if await self._takes_moment(to, at, own=not is_cover):
            return None
        after = due_times.next_moment(keys, to, every, now) - now
        return Done() if is_cover else Retry("the moment is taken", after=after)

    def _own_waits(self, connection: Connection, to: Destination, now: int) -> bool:
        """Return whether a message of the office's own is due for it."""
        keys = self._services.keys
        rows = deliveries.waiting(connection, keys, to, now)
        orders = (erasure_orders.read_order(keys, to, row.tip, row.id) for row in rows if ":" in row.tip)
        tips = {row.tip for row in rows}
        has_any = bool(self._services.read_keys(lambda c: envelopes.held(c, tips, [to.name])))
        return has_any or any(order and not order.is_cover for order in orders)

    async def _takes_moment(self, to: Destination, at: int, *, own: bool = False) -> bool:
        """Return whether a cover, or with `own` a message, may be sent at an office's moment, in one of the processes.

        One cover may, or any number of messages.
        """
        table, every = tables.sent_transfer, self._services.office_seconds
        moments = [f"moment {n} of {every} s" for n in range(at // every - _MOMENTS, at // every + 1)]
        said = [*moments, f"{moments[-1]} own", f"{moments[-1]} cover"]
        tags = await run_in_thread(self._services.read_keys, lambda c: [envelopes.tag(c, to, one) for one in said])
        *old, taken = tags[: len(moments)]
        # Which of the two it is only the name key tells: a moment of covers alone belongs to a tip that is kept back.
        by_own, by_cover = (int.from_bytes(tag[:_KIND]) for tag in tags[len(moments) :])

        def write(unit: UnitOfWork) -> bool:
            # Not one row with the last moment's number: whoever raises it would end the covers.
            unit.main.execute(delete(table).where(table.c.transfer_id.in_(old[: _MOMENTS // 2])))
            row = {"desk": to.name, "transfer_id": taken, "chunks": by_own if own else by_cover}
            if unit.insert_new(table, [row], "transfer_id"):
                return True
            taken_by = unit.main.execute(select(table.c.chunks).where(table.c.transfer_id == taken)).scalar()
            return taken_by is None or (own and taken_by == by_own)  # a trigger that stores no row ends no covers

        return await self._services.write(write)

    async def send_cover(self, to: Destination, publish: Publish, at: int) -> None:
        """Send an office a cover of one of the stored tips, unless a delivery waits or its moment `at` is taken."""
        tip, office = await run_in_thread(self._services.read, lambda c: self._any_tip(c, to))
        message = (await run_in_thread(self._read_tip, tip, to.name))[0] if tip else None
        # Taken only now: a moment that nothing was sent at would keep the message that waits from its office.
        if office and message and await self._takes_moment(to, at):
            # Few have files: so often, these would cost more than all tips.
            has_files = not secrets.randbelow(1 + WITH_FILES // max(1, self._services.office_seconds))
            message = message if has_files else msgspec.structs.replace(message, files=())
            await self._send_all(office, message, publish, random_bytes(16))

    def _any_tip(self, connection: Connection, to: Destination) -> tuple[str, Office | None]:
        """Return any tip, and the office; no tip if a delivery waits for the office."""
        if deliveries.waiting(connection, self._services.keys, to, int(time.time())):
            return "", None
        tip = connection.execute(select(tables.tip.c.id).order_by(func.random()).limit(1)).scalar()
        return tip or "", self._office(connection, to.name)

    async def _send_all(self, office: Office, message: TipMessage, publish: Publish, cover: bytes) -> None:
        """Send a message and its files; if `cover` is not empty, as many covers, once for each value of `cover`."""
        await self.send(office, message, publish, is_cover=bool(cover))
        for entry in message.files:
            for file in entry.sealed:
                name = form_name(evidence_files.name(message.tip, entry.ordinal), file.form)
                await self._send_file(office, name, file, publish, cover)

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
        known = office_of(connection, self._services.keys, desk)
        return known or (copy_recipient(self._services, desk) if desk in self._copies else None)

    async def send_directory(self, office: Office, publish: Publish, *, again: bool = False) -> None:
        """Send the roster, unless the office was sent the same one today; with `again` in any case.

        A lost roster is sent again on the next day at the latest: without it, an office trusts no tip's new key.

        Raises:
            CarrierError: a frame was not confirmed.
        """
        roster, readable = await run_in_thread(self._directory)
        now, rules = time.time_ns(), encode_rules(readable)
        of_today = encode(DirectoryMessage(version=now // DAY, roster=roster, destination_rules=rules))
        transfer_id = sha256(of_today).digest()[:16]
        if not again and await self._sent_chunks(office.desk, transfer_id):
            return
        orders = await run_in_thread(
            self._services.read, lambda c: erasure_orders.orders(c, self._services.keys, office.desk)
        )
        erased = tuple(ErasureMessage(tip=one.tip, rule=one.rule) for one in orders)
        message = DirectoryMessage(version=now, roster=roster, destination_rules=rules, erased=erased)
        tips = await run_in_thread(self._tips_of, office.desk, -len(encode(message)) - _HEADER)
        await self.send(office, msgspec.structs.replace(message, tips=tips), publish)
        await self._record_sent(office.desk, transfer_id, 1)

    def _directory(self) -> tuple[tuple[bytes, ...], tuple[DestinationRule, ...]]:
        """Return the roster, and the listed destinations, which offices seal to."""
        services = self._services
        entries = services.read_keys(services.roster.stored_entries)
        return tuple(entries), services.readable_rules(services.roster_state())

    def _tips_of(self, desk: str, room: int) -> bytes:
        """Return the ids of a desk's tips, filled up to the end of a frame: their size would tell of tips kept from it.

        `room`: bytes of the first frame, modulo a frame.
        """
        here = self._services.read(lambda c: set(c.execute(select(tables.tip.c.id)).scalars()))
        own = here.intersection(self._services.read_keys(lambda c: envelopes.tips_of(c, desk)))
        ids = b"".join(map(bytes.fromhex, sorted(own)))
        return ids.ljust(len(ids) + (room - len(ids)) % CHUNK_SIZE, b"\0")

    async def _send_file(self, office: Office, name: str, file: AnnouncedFile, publish: Publish, cover: bytes) -> None:
        total, id_ = count_chunks(file.size), file.transfer_id
        use = f"sent {cover.hex()}"  # so that the file itself is sent if the desk is given the tip
        recorded = await run_in_thread(self._services.read_keys, lambda c: envelopes.tag(c, id_.hex(), use))
        done = await self._sent_chunks(office.desk, recorded)
        while done < total:
            numbers = range(done, min(total, done + WINDOW))
            read = self._services.evidence.read
            bodies = [await run_in_thread(read, name, number * CHUNK_SIZE, CHUNK_SIZE) for number in numbers]
            frames = file_frames(office.desk, id_, total, zip(numbers, bodies, strict=True))
            covered = (cover_frame(office.desk) if cover else frame for frame in frames)
            sending = (self._send_frame(office, frame, publish) for frame in covered)
            for outcome in await asyncio.gather(*sending, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            done = numbers.stop
            await self._record_sent(office.desk, recorded, done)

    async def _sent_chunks(self, desk: str, transfer_id: bytes) -> int:
        table = tables.sent_transfer
        query = select(table.c.chunks).where(table.c.desk == desk, table.c.transfer_id == transfer_id)
        found = await run_in_thread(self._services.read, lambda c: c.execute(query).scalar())
        return found or 0

    async def _record_sent(self, desk: str, transfer_id: bytes, chunks: int) -> bool:
        """Record how many chunks of a transfer were sent; return False if as many were recorded already."""
        table = tables.sent_transfer

        def write(unit: UnitOfWork) -> bool:
            row = {"desk": desk, "transfer_id": transfer_id, "chunks": chunks}
            if unit.insert_new(table, [row], "transfer_id"):
                return True
            behind = (table.c.desk == desk) & (table.c.transfer_id == transfer_id) & (table.c.chunks < chunks)
            return unit.main.execute(update(table).where(behind).values(chunks=chunks)).rowcount == 1

        return await self._services.write(write)

    def _read_tip(self, tip: str, desk: str) -> tuple[TipMessage | None, bool]:
        """Return a tip, and whether the desk must get only covers of it.

        For a release, in place of the tip, what opens with it, and nothing that came since a desk wrote.
        """
        envelope = self._services.read_keys(lambda c: envelopes.find(c, tip, desk))
        stands_in = envelope or encrypt_alike(bytes(envelopes.PADDED))
        listed = self._services.desk(desk)
        message = self._services.read(lambda c: _tip_message(c, self._services.evidence, tip, listed, stands_in))
        if message:
            stored = message.key_changes
            changes = self._services.read_keys(lambda c: changed_keys.opened(c, tip, stored))
            message = msgspec.structs.replace(message, key_changes=changes)
        if message and self._services.read_keys(lambda c: envelopes.releases(c, [(tip, desk)])):
            thread = self._services.read(lambda c: _thread_of_desks(c, self._services.keys, tip))
            message = msgspec.structs.replace(message, thread=thread, files=(), custody=())
        return message, envelope is None


def _tip_message(
    connection: Connection, evidence: FileStore, tip: str, desk: Desk, envelope: bytes
) -> TipMessage | None:
    columns = [tables.tip.c[name] for name in ("number", "revision", "recipient", "key_changes", "day", "document")]
    row = connection.execute(select(*columns).where(tables.tip.c.id == tip)).mappings().one_or_none()
    if row is None:
        return None
    message = tables.message.c
    thread = select(message.seq, message.sealed).where(message.tip == tip, message.seq > 0).order_by(message.seq)
    return TipMessage(
        **row,
        tip=tip,
        envelope=envelope,
        thread=tuple(ThreadEntry(seq=seq, sealed=sealed) for seq, sealed in connection.execute(thread)),
        files=tuple(_files(connection, evidence, tip, desk)),
        custody=tuple(CustodyEntry(file=f, entry=e, sealed=s) for f, e, s in custody.sealed_entries(connection, tip)),
    )


def _thread_of_desks(connection: Connection, keys: Connection | Engine, tip: str) -> tuple[ThreadEntry, ...]:
    """Return a tip's thread up to the last message that a desk wrote: what follows would tell when the tipster did."""
    message = tables.message.c
    query = select(message.seq, message.sealed, message.mark).where(message.tip == tip, message.seq > 0)
    rows = connection.execute(query.order_by(message.seq)).all()
    last = max((one.seq for one in rows if one.mark == threads.mark_of(keys, tip, one.seq, one.sealed)), default=0)
    return tuple(ThreadEntry(seq=one.seq, sealed=one.sealed) for one in rows if one.seq <= last)


def _files(connection: Connection, evidence: FileStore, tip: str, desk: Desk) -> Iterator[FileEntry]:
    table = tables.file
    query = select(table.c.ordinal, table.c.state, table.c.record).where(table.c.tip == tip)
    for ordinal, state, record in connection.execute(query):
        sealed = tuple(_sealed_forms(evidence, tip, ordinal, desk)) if state == "sealed" else ()
        yield FileEntry(ordinal=ordinal, state=state, record=b"" if state == "lost" else record, sealed=sealed)


def _sealed_forms(evidence: FileStore, tip: str, ordinal: str, desk: Desk) -> Iterator[AnnouncedFile]:
    name = evidence_files.name(tip, ordinal)
    sizes = {form: evidence.size(form_name(name, form)) for form in FORMS}
    found = {form: size for form, size in sizes.items() if size is not None}
    # No sound that was recorded is stored on a station's machine, not even sealed.
    silent = [form for form, ruled_out in _RULED_OUT.items() if form in found and not found.keys() & ruled_out]
    for form in found if may_hear_voices(desk.level) else silent:
        transfer_id = sha256(f"{desk.name}/{tip}/{ordinal}/{form}/{found[form]}".encode()).digest()[:16]
        yield AnnouncedFile(form=form, transfer_id=transfer_id, size=found[form])


_RULED_OUT: Mapping[SealedForm, AbstractSet[SealedForm]]
_RULED_OUT = {"muted": {"disguised"}, "clean": {"disguised", "muted"}, "preview": {"disguised"}}
"""Form → forms beside which it may contain sound. Without these, it is silent; an original may always have sound."""
