"""Scheduled jobs: expire drafts, ask about complete drafts that were not sent, notify of messages, purge expired rows.

Another job shortens waits that are too long because a clock was ahead.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import run_in_thread
from satark.api.observability import LifecycleEvent, log
from satark.custody.log import erase_files
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.session import Session
from satark.identity import time_buckets
from satark.identity.edge_key import Identity
from satark.ingest.sessions import Due, NewerSession, SessionStore
from satark.outbox.outbox import Outbox
from satark.services import Services
from satark.settings.core import Core
from satark.store import conversations, deliveries, due_times, provider_messages, tables
from satark.store import outbox as outbox_store
from satark.store.epochs import Epochs
from satark.store.evidence_files import is_sent
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage, change_reach
from satark.store.resealing import reseal_some
from satark.store.threads import news_tag
from satark.store.unit_of_work import UnitOfWork, shorten_waits
from satark.store.write_ahead_log import LogEraser
from satark.store.writer import StoreDown, Writer

EVERY = 1.0
"""Seconds between two looks for news or for an epoch's end, and after a failure."""
PURGE_EVERY = 3600
"""Seconds between two purges of expired rows."""
PURGED_AT_ONCE = 1_000
"""Most rows of a kind that one transaction purges."""
ERASE_EVERY = 5
"""Seconds between two erasures of SQLite's log, in which deleted rows remain."""
LOOK_EVERY = 15
"""Seconds between two looks for due conversations. Each look opens the due times of all possible ones."""
CLOCK_EVERY = 60
"""Seconds between two looks for waits that are too long because a clock was ahead."""
NOTIFICATION_DAYS = 14
"""Days for which a finished notification or alarm is kept, so that it is not queued again."""
AT_ONCE = 50
"""Most rows that one transaction of a job handles, so that turns need not wait long for it."""


@dataclass(kw_only=True, eq=False, repr=False)
class ScheduledJobs:
    """The scheduled jobs of one process; several processes may run them at once."""

    outbox: Outbox
    flows: Flows
    sessions: SessionStore
    identity: Identity
    log: LogEraser
    writer: Writer
    services: Services
    settings: Core
    posted: Callable[[list[OutboxMessage]], None]
    erased: Callable[[list[str]], None]
    emit: Callable[[LifecycleEvent], None]
    announced: int = field(default_factory=lambda: int(time.time()), init=False)
    """When notices were last sent, Unix seconds."""
    looks_at_all: int = field(default=0, init=False)
    """When to open the due times of all conversations next, Unix seconds."""

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self._purge, PURGE_EVERY))
            tasks.create_task(repeat(partial(self.writer.write, shorten_waits), CLOCK_EVERY))
            tasks.create_task(repeat(self._work_on_due, LOOK_EVERY))
            tasks.create_task(repeat(self._announce, EVERY))
            tasks.create_task(repeat(partial(run_in_thread, self.log.erase_if_noted), ERASE_EVERY))

    async def _announce(self) -> None:
        began = int(time.time())
        self.posted(await self.writer.write(self.announce))
        self.announced = began  # only now: what failed is told at the next look

    async def _work_on_due(self) -> None:
        expired, unsent = await run_in_thread(self._find_due)
        if expired:
            ended, names = await self.writer.write(lambda unit: self.expire(unit, expired))
            self.erased(names)
            self.log.note()
            counts = self.identity.epochs.drafts
            for id_ in ended:  # so that a draft which is put back is older than the end
                counts.note(id_, counts.after(id_))
        if unsent:
            self.posted(await self.writer.write(lambda unit: self.ask_unsent(unit, unsent)))
        await self.writer.write(self.purge_codes)

    def _find_due(self) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """Find the conversations that have expired, and those whose tipster must be asked: id → `due` as stored."""
        now = int(time.time())
        is_full = now >= self.looks_at_all
        # Only the band in which one expires is stored in plain, and whoever writes rows may put it off.
        until = None if is_full else time_buckets.band_end(now + int(self.settings.unsent_question_hours * 3600))
        rows = self.services.read(lambda connection: conversations.read_due(connection, until))
        due = {id_: (sealed, self.sessions.due(id_, sealed)) for id_, sealed in rows}
        expired = _first(due, lambda one: one.expires <= now)
        if is_full and len(expired) < AT_ONCE:
            self.looks_at_all = now + PURGE_EVERY
        return expired, _first(due, lambda one: one.asks is not None and one.asks <= now < one.expires)

    def expire(self, unit: UnitOfWork, due: Mapping[bytes, bytes]) -> tuple[list[bytes], list[str]]:
        """End expired sessions: erase the draft, its files and its address, and say nothing.

        `due`: id → `due` of the conversations. A conversation that a turn has changed since does not expire. Return the
        ids of the expired ones, and the names of the sealed files to delete after the commit.
        """
        opened = list(self._opened(conversations.lock_unchanged(unit, due)))
        names: list[str] = []
        lapsed: dict[bytes, Mapping[str, object]] = {}
        for row, session in opened:
            # Both: who writes rows can hide the row of a sent tip, or put a draft from before its sending back.
            if session and session.tip and not (session.submitted or is_sent(unit.main, session.tip)):
                names += erase_files(unit, session.tip)
                if left := self._left_of(unit, row, session):
                    lapsed[row.id] = left
            self.emit(LifecycleEvent("expired"))
        ended = [row.id for row, _ in opened if row.id not in lapsed]
        conversations.delete_conversations(unit, self.identity, ended)
        conversations.delete_provider_messages(unit, list(lapsed))
        conversations.write(unit, list(lapsed.values()))
        return [row.id for row, _ in opened], names

    def _opened(
        self, rows: Iterable[conversations.ConversationRow]
    ) -> Iterator[tuple[conversations.ConversationRow, Session | None]]:
        """Open sessions. A session that a newer version wrote is left out."""
        for row in rows:
            try:
                session = self.sessions.open_newest(row)
            except NewerSession:
                continue
            yield row, session

    def _left_of(
        self, unit: UnitOfWork, row: conversations.ConversationRow, session: Session
    ) -> Mapping[str, object] | None:
        """Return the row that remains of a draft, so that the next conversation mentions it; None: no row remains."""
        try:
            left = self.flows.engine(unit.main, session.flow).expire(session)
        except FlowError:  # a step type of its questionnaire is gone: what is due is erased all the same
            return None
        handle = self.identity.open_handle(row.handle, row.id)
        if left is None or handle is None or not self.settings.lapsed_hours or self.outbox.is_page(handle.account):
            return None
        left = msgspec.structs.replace(left, writes=self.identity.epochs.drafts.after(row.id))
        return self.sessions.seal_lapsed(row.id, left, unit.now)

    def ask_unsent(self, unit: UnitOfWork, due: Mapping[bytes, bytes]) -> list[OutboxMessage]:
        """Ask each tipster, once, about a complete draft that they did not send; `due` is as for `expire`."""
        messages: list[OutboxMessage] = []
        for row, session in self._opened(conversations.lock_unchanged(unit, due)):
            found = self.flows.engine(unit.main, session.flow).ask_unsent(session) if session else None
            if found is not None:
                asked, prompt = found
                conversations.write(unit, [self.sessions.seal_asked(row, asked)])
                messages += self.outbox.compose(prompt, self.identity.open_handle(row.handle, row.id), row.id)
        self.outbox.add(unit, messages)
        return messages

    def announce(self, unit: UnitOfWork) -> list[OutboxMessage]:
        """Tell tipsters who asked for it that there is news, in neutral words. Only the receipt opens the news.

        Each tip has its moments, which only the name key tells: nobody who writes a message chooses when a phone rings.
        """
        every = int(self.settings.notice_minutes * 60)
        table = tables.message
        waiting = unit.main.execute(select(table.c.tip).where(~table.c.notified).distinct()).scalars().all()
        messages: list[OutboxMessage] = []
        for tip in waiting:
            if not every or due_times.next_moment(self.services.keys, tip, every, self.announced) <= unit.now:
                messages += self._news(unit, tip)
        self.outbox.add(unit, messages)
        return messages

    def _news(self, unit: UnitOfWork, tip: str) -> list[OutboxMessage]:
        table = tables.message
        query = select(table.c.seq, table.c.sealed, table.c.news).where(table.c.tip == tip, ~table.c.notified)
        rows = unit.main.execute(query.with_for_update(skip_locked=True)).all()
        told = (table.c.tip == tip, table.c.seq.in_([row.seq for row in rows]))
        unit.main.execute(update(table).where(*told).values(notified=True, news=b""))
        own = [row.seq for row in rows if row.news == news_tag(unit.keys, tip, row.seq, row.sealed)]
        link, newest = self.identity.link("tip", tip), max(own, default=0)
        handle = change_reach(unit, self.identity, link, partial(outbox_store.told_of, newest=newest))
        if handle is None or handle.notified:
            return []
        notice, queue = self.flows.current.news_notice(handle.language), outbox_store.news_queue(link)
        composed = self.outbox.compose(notice, handle, queue, notice=True)
        if not composed:
            change_reach(unit, self.identity, link, outbox_store.LOOKED)
        return composed

    async def _purge(self) -> None:
        """Delete all expired rows, some per transaction: there may be millions, and turns wait for a transaction."""
        while await self.writer.write(self.purge):
            pass
        while finished := await run_in_thread(self.services.read, _finished_notifications):
            await self.writer.write(partial(deliveries.delete_finished, ids=finished))

    def purge(self, unit: UnitOfWork) -> bool:
        """Delete some expired event keys, reply handles, message ids and sent calls; return whether more may remain."""
        oldest = unit.day - int(self.settings.seen_days)
        deleted = (
            unit.delete_some(tables.seen, tables.seen.c.day < oldest, most=PURGED_AT_ONCE),
            unit.delete_some(tables.reach, tables.reach.c.expires_at <= unit.now, most=PURGED_AT_ONCE),
            provider_messages.purge_expired(unit, PURGED_AT_ONCE),
            outbox_store.purge_unreported(unit, PURGED_AT_ONCE),
        )
        return max(deleted) == PURGED_AT_ONCE

    def purge_codes(self, unit: UnitOfWork) -> None:
        """Delete expired handoff codes: their rows tell to the second when they were given out."""
        unit.main.execute(delete(tables.handoff_code).where(tables.handoff_code.c.expires_at <= unit.now))


def _finished_notifications(connection: Connection) -> Sequence[bytes]:
    oldest = int(time.time()) - NOTIFICATION_DAYS * 86_400
    return deliveries.finished_notifications(connection, oldest, PURGED_AT_ONCE)


def _first(due: Mapping[bytes, tuple[bytes, Due]], is_due: Callable[[Due], bool]) -> dict[bytes, bytes]:
    return dict(islice(((id_, sealed) for id_, (sealed, one) in due.items() if is_due(one)), AT_ONCE))


async def repeat(job: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Run a job every `seconds` until cancelled; if it fails because of the database, run it again soon."""
    while True:
        wait = EVERY
        with suppress(StoreDown, SQLAlchemyError):
            await job()
            wait = seconds
        await asyncio.sleep(wait)


class EpochTurnover:
    """Begins and ends epochs. Each process does so, since each machine has its own memory to empty."""

    def __init__(self, epochs: Epochs, writer: Writer, eraser: LogEraser) -> None:
        self._epochs = epochs
        self._writer = writer
        self._eraser = eraser

    async def run(self) -> None:
        """Agree with the other machines. End the epochs that are over, once nothing is sealed under them.

        Raises:
            StoreDown, SQLAlchemyError: the database can't be written now; the keys stay.
        """
        identity = self._epochs.identity
        if not await run_in_thread(self._epochs.agree) or not (ended := identity.epochs.ended()):
            return
        left = 1
        while left:
            left = await self._writer.write(lambda unit: reseal_some(unit, identity, ended, AT_ONCE))
        await run_in_thread(self._epochs.end, ended)
        self._eraser.note()
        log.info("epoch ended, its key is destroyed", count=len(ended))
