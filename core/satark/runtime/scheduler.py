"""Scheduled jobs: expire drafts, ask silent tipsters once more, notify of officers' messages, purge expired rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from satark import time_buckets
from satark.custody.erasure import erase_files
from satark.observability import LifecycleEvent
from satark.store import conversations, deliveries, provider_messages, tables
from satark.store import outbox as outbox_store
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from satark.dialogue.session import Session
    from satark.identity.edge_key import Identity
    from satark.ingest.sessions import Due, SessionStore
    from satark.outbox.outbox import Outbox
    from satark.runtime.epoch_turnover import EpochTurnover
    from satark.services import Services
    from satark.settings import Core
    from satark.store.flows import Flows
    from satark.store.outbox import OutboxMessage
    from satark.store.unit_of_work import UnitOfWork
    from satark.store.write_ahead_log import LogEraser
    from satark.store.writer import Writer

EVERY = 1.0
"""Seconds between two rounds."""
PURGE_EVERY = 3600
"""Rounds between two purges of expired rows."""
ERASE_EVERY = 5
"""Rounds after which what was deleted is gone from SQLite's log too."""
LOOK_EVERY = 3
"""Rounds between two looks for conversations that are due."""
NOTIFICATION_DAYS = 14
"""Days that a notification or an alarm is kept once delivered or dead: longer than either can come again."""
AT_ONCE = 50
"""Most conversations or messages of one round, so that turns need not wait long behind it."""


class ScheduledJobs:
    """The scheduled jobs of one process; several processes may run them at once."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        flows: Flows,
        sessions: SessionStore,
        identity: Identity,
        turnover: EpochTurnover,
        log: LogEraser,
        writer: Writer,
        services: Services,
        settings: Core,
        posted: Callable[[list[OutboxMessage]], None],
        erased: Callable[[list[str]], None],
        emit: Callable[[LifecycleEvent], None],
    ) -> None:
        self._outbox = outbox
        self._flows = flows
        self._sessions = sessions
        self._identity = identity
        self._turnover = turnover
        self._log = log
        self._writer = writer
        self._services = services
        self._settings = settings
        self._posted = posted
        self._erased = erased
        self._emit = emit

    async def run(self) -> None:
        """Run a round every second, until cancelled."""
        rounds = 0
        while True:
            with suppress(StoreDown, SQLAlchemyError):
                await self._round(rounds)
            rounds += 1
            await asyncio.sleep(EVERY)

    async def _round(self, number: int) -> None:
        if number % PURGE_EVERY == 0:
            await self._writer.write(self.purge)
        if number % LOOK_EVERY == 0:
            await self._work_on_due()
        self._posted(await self._writer.write(self.announce))
        await self._turnover.run_once()
        if number % ERASE_EVERY == 0:
            await asyncio.to_thread(self._log.erase_if_noted)

    async def _work_on_due(self) -> None:
        expired, silent = await asyncio.to_thread(self._find_due)
        if expired:
            messages, names = await self._writer.write(lambda unit: self.expire(unit, expired))
            self._posted(messages)
            self._erased(names)
            self._log.note()
        if silent:
            self._posted(await self._writer.write(lambda unit: self.nudge(unit, silent)))
        await self._writer.write(self.purge_codes)

    def _find_due(self) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """Find conversations that have expired, and those to be nudged: id → `due` as stored."""
        now = int(time.time())
        # Only the band in which one expires is stored in plain; nudges are rare enough to look at all.
        until = None if self._settings.nudge_minutes else time_buckets.band_end(now)
        rows = self._services.read(lambda connection: conversations.read_due(connection, until))
        due = {id_: (sealed, self._sessions.due(id_, sealed)) for id_, sealed in rows}
        return (
            _first(due, lambda one: one.expires <= now),
            _first(due, lambda one: one.nudge is not None and one.nudge <= now < one.expires),
        )

    def expire(self, unit: UnitOfWork, due: Mapping[bytes, bytes]) -> tuple[list[OutboxMessage], list[str]]:
        """End expired sessions: erase the draft, its files and its address, and tell the tipster.

        Args:
            unit: the transaction.
            due: id → `due` of the conversations; one that a turn has changed since does not expire.

        Returns:
            The messages to send and the names of the sealed files to delete, once this is committed.
        """
        rows = conversations.lock_unchanged(unit, due)
        messages: list[OutboxMessage] = []
        names: list[str] = []
        for row in rows:
            session = self._sessions.open(row)
            if session is not None and not session.submitted:
                names += erase_files(unit, session.tip)
                messages += self._tell_expired(unit, row, session)
            self._emit(LifecycleEvent("expired"))
        conversations.delete_conversations(unit, [row.id for row in rows])
        self._outbox.add(unit, messages)
        return messages, names

    def _tell_expired(
        self, unit: UnitOfWork, row: conversations.ConversationRow, session: Session
    ) -> list[OutboxMessage]:
        turn = self._flows.engine(unit.main, session.flow).expire(session)
        if turn.prompt is None:
            return []
        return self._outbox.compose(turn.prompt, self._identity.open_handle(row.handle, row.id), row.id)

    def nudge(self, unit: UnitOfWork, due: Mapping[bytes, bytes]) -> list[OutboxMessage]:
        """Repeat the question, once, to tipsters who fell silent in the middle of a tip; `due` as for `expire`."""
        messages: list[OutboxMessage] = []
        for row in conversations.lock_unchanged(unit, due):
            conversations.write_due(unit, row.id, self._sessions.without_nudge(row))
            session = self._sessions.open(row)
            if session is not None:
                question = self._flows.engine(unit.main, session.flow).repeat_question(session)
                messages += self._outbox.compose(question, self._identity.open_handle(row.handle, row.id), row.id)
        self._outbox.add(unit, messages)
        return messages

    def announce(self, unit: UnitOfWork) -> list[OutboxMessage]:
        """Tell those who asked to be reached, neutrally, that there is news. Only the receipt opens what it is."""
        query = select(tables.message.c.tip, tables.message.c.seq).where(~tables.message.c.notified).limit(AT_ONCE)
        rows = unit.main.execute(query.with_for_update(skip_locked=True)).all()
        messages: list[OutboxMessage] = []
        for tip in {row.tip for row in rows}:
            messages += self._news(unit, tip)
        for row in rows:
            here = (tables.message.c.tip == row.tip, tables.message.c.seq == row.seq)
            unit.main.execute(update(tables.message).where(*here).values(notified=True))
        self._outbox.add(unit, messages)
        return messages

    def _news(self, unit: UnitOfWork, tip: str) -> list[OutboxMessage]:
        id_ = self._identity.link("tip", tip)
        sealed = unit.main.execute(select(tables.reach.c.handle).where(tables.reach.c.id == id_)).scalar()
        if not sealed:
            return []
        handle = self._identity.open_handle(sealed, id_)
        return self._outbox.compose(self._flows.current.news_notice(handle.language), handle, id_ + id_, notice=True)

    def purge(self, unit: UnitOfWork) -> None:
        """Delete expired rows: event keys, reply handles, message ids, sent calls, notifications."""
        oldest = unit.day - int(self._settings.seen_days)
        unit.main.execute(delete(tables.seen).where(tables.seen.c.day < oldest))
        unit.main.execute(delete(tables.reach).where(tables.reach.c.expires_at <= unit.now))
        provider_messages.purge_expired(unit)
        outbox_store.purge_unreported(unit)
        deliveries.purge_notifications(unit, unit.now - NOTIFICATION_DAYS * 86_400)

    def purge_codes(self, unit: UnitOfWork) -> None:
        """Delete expired handoff codes: their rows say to the second when they were given out."""
        unit.main.execute(delete(tables.handoff_code).where(tables.handoff_code.c.expires_at <= unit.now))


def _first(due: Mapping[bytes, tuple[bytes, Due]], is_due: Callable[[Due], bool]) -> dict[bytes, bytes]:
    return dict(islice(((id_, sealed) for id_, (sealed, one) in due.items() if is_due(one)), AT_ONCE))
