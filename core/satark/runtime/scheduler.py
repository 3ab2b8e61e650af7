"""What time brings: drafts that expire, officers' messages to be announced, and rows that have served their term."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from satark.channel import Address
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import Session, decode_session
from satark.identity.edge_key import BrokenSeal, Handle
from satark.observability import LifecycleEvent
from satark.outbox.compose import new_outgoing
from satark.store import conversations, deliveries, evidence_files, outbox, provider_messages, tables
from satark.store.engines import checkpoint
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.identity.edge_key import Identity
    from satark.prompt import Prompt
    from satark.services import Services
    from satark.settings import Core
    from satark.store.flows import Flows
    from satark.store.outbox import OutboxMessage
    from satark.store.unit_of_work import UnitOfWork
    from satark.store.writer import Writer

EVERY = 1.0
"""Seconds between two looks."""
SWEEP_EVERY = 3600
"""Looks between two sweeps of old rows."""
CHECKPOINT_EVERY = 60
"""Looks after which what was deleted is gone from SQLite's log too."""
OCCASION_DAYS = 14
"""Days that a notice or an alarm is remembered once it was delivered or died: longer than either can come again."""
AT_ONCE = 50
"""Most conversations or messages of one look, so that turns need not wait long behind it."""


class ScheduledJobs:
    """One process's timers; several processes may run them at once."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        flows: Flows,
        identity: Identity,
        writer: Writer,
        services: Services,
        settings: Core,
        posted: Callable[[list[OutboxMessage]], None],
        erased: Callable[[list[str]], None],
        happened: Callable[[LifecycleEvent], None],
    ) -> None:
        self._channels = channels
        self._flows = flows
        self._identity = identity
        self._writer = writer
        self._services = services
        self._settings = settings
        self._posted = posted
        self._erased = erased
        self._happened = happened

    async def run(self) -> None:
        """Look every second, until cancelled."""
        looks = 0
        while True:
            with suppress(StoreDown):
                await self._look(sweep=looks % SWEEP_EVERY == 0)
            looks += 1
            if looks % CHECKPOINT_EVERY == 0:
                await asyncio.to_thread(self._checkpoint)
            await asyncio.sleep(EVERY)

    def _checkpoint(self) -> None:
        with suppress(OperationalError):  # a reader is in the way: next time
            for engine in (self._services.main, self._services.keys):
                checkpoint(engine)

    async def _look(self, *, sweep: bool) -> None:
        if sweep:
            await self._writer.write(self.sweep)
        items, names = await self._writer.write(self.expire)
        self._posted(items)
        self._erased(names)
        self._posted(await self._writer.write(self.announce))
        if self._settings.nudge_minutes:
            self._posted(await self._writer.write(self.nudge))

    def expire(self, unit: UnitOfWork) -> tuple[list[OutboxMessage], list[str]]:
        """End sessions whose time ran out: the draft, its files and its address go, and the tipster is told."""
        rows = conversations.expired(unit.main, unit.now, AT_ONCE)
        items: list[OutboxMessage] = []
        names: list[str] = []
        for row in rows:
            session = self._session(row)
            if session is not None and not session.submitted:
                names += evidence_files.drop(unit, session.tip)
                items += self._tell(unit, row, session)
            self._happened(LifecycleEvent("expired"))
        conversations.end(unit, [row.id for row in rows])
        outbox.add(unit, items, self._identity)
        return items, names

    def _tell(self, unit: UnitOfWork, row: conversations.ConversationRow, session: Session) -> list[OutboxMessage]:
        turn = self._flows.engine(unit.main, session.flow).expired(session)
        handle = self._identity.open_handle(row.handle, row.id)
        return self._render(turn.prompt, handle, row.id, notice=False) if turn.prompt else []

    def nudge(self, unit: UnitOfWork) -> list[OutboxMessage]:
        """Ask those once more who fell silent in the middle of a tip."""
        items: list[OutboxMessage] = []
        for row in conversations.quiet(unit.main, unit.now, AT_ONCE):
            session = self._session(row)
            if session is not None:
                question = self._flows.engine(unit.main, session.flow).restate(session)
                items += self._render(question, self._identity.open_handle(row.handle, row.id), row.id, notice=False)
        outbox.add(unit, items, self._identity)
        return items

    def announce(self, unit: UnitOfWork) -> list[OutboxMessage]:
        """Tell those who asked to be reached, neutrally, that there is news; what it is opens only with the receipt."""
        query = select(tables.message.c.tip, tables.message.c.seq).where(~tables.message.c.announced).limit(AT_ONCE)
        rows = unit.main.execute(query.with_for_update(skip_locked=True)).all()
        items: list[OutboxMessage] = []
        for tip in {row.tip for row in rows}:
            items += self._news(unit, tip)
        for row in rows:
            here = (tables.message.c.tip == row.tip, tables.message.c.seq == row.seq)
            unit.main.execute(update(tables.message).where(*here).values(announced=True))
        outbox.add(unit, items, self._identity)
        return items

    def _news(self, unit: UnitOfWork, tip: str) -> list[OutboxMessage]:
        id_ = self._identity.link("tip", tip)
        sealed = unit.main.execute(select(tables.reach.c.handle).where(tables.reach.c.id == id_)).scalar()
        if sealed is None:
            return []
        handle = self._identity.open_handle(sealed, id_)
        return self._render(self._flows.current.news(handle.language), handle, id_ + id_, notice=True)

    def _render(self, prompt: Prompt, handle: Handle, lane: bytes, *, notice: bool) -> list[OutboxMessage]:
        channel = self._channels.get(handle.account)
        if channel is None:
            return []
        render = channel.notice if notice else channel.render
        calls = render(fit(prompt, channel.capabilities), handle.account, Address(handle.address))
        return [new_outgoing(lane, call, keep=True) for call in calls]

    def _session(self, row: conversations.ConversationRow) -> Session | None:
        try:
            return decode_session(self._identity.open_draft(row.id, row.draft)) if row.draft else None
        except (BrokenSeal, msgspec.MsgspecError):
            return None

    def sweep(self, unit: UnitOfWork) -> None:
        """Forget what has served its term: of taken events, handles, passages, traces, sent calls, notices, alarms."""
        oldest = unit.day - int(self._settings.seen_days)
        unit.main.execute(delete(tables.seen).where(tables.seen.c.day < oldest))
        unit.main.execute(delete(tables.reach).where(tables.reach.c.expires_at <= unit.now))
        unit.main.execute(delete(tables.passage).where(tables.passage.c.expires_at <= unit.now))
        provider_messages.sweep(unit)
        outbox.sweep(unit)
        deliveries.sweep_occasions(unit, unit.now - OCCASION_DAYS * 86_400)
