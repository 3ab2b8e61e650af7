"""Ingest: the one entry of all inbound events, from webhooks, pages and listeners.

A batch is durable before `receive` returns. While the database is down, batches that no provider sends again go into
the spool; `satark.ingest.replay` ingests spooled batches later, in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

from satark.api.channel import Channel, Outcome
from satark.api.inbound import Batch, CompleteTip, Event, Inbound, Tap, Text
from satark.api.observability import LifecycleEvent, log
from satark.api.outbound import Call
from satark.api.tip import HANDOFF_DIGITS, LONGEST_HANDOFF_MESSAGE, RECEIPT_DIGITS
from satark.delivery.worker import DeliveryWorker
from satark.dialogue.engine import Engine
from satark.dialogue.shown_receipt import code_in
from satark.evidence.worker import EvidenceWorker
from satark.identity.edge_key import Identity
from satark.identity.receipt_codes import CodeStock
from satark.ingest.code_guesses import CodeGuesses
from satark.ingest.event import InboundEvent, TurnResult
from satark.ingest.spool import Spool, SpoolFull
from satark.outbox.outbox import Outbox, message
from satark.outbox.worker import ReplyWorker
from satark.store.write_ahead_log import LogEraser
from satark.store.writer import StoreDown, Writer
from satark.telemetry.faults import ALARM_SECONDS, failing_hook, provider_alarm
from satark.telemetry.metrics import Metrics
from satark_words.tokens import find_code

ANSWER_SECONDS: Final = 11.0
"""Seconds after which a batch that comes once is spooled: providers of texts and calls wait 15 for the response."""


class IngestFailed(Exception):  # noqa: N818 - it reads as what it says
    """At least one event of a webhook failed: the response is 503, so that the provider sends the webhook again."""


@dataclass(kw_only=True, eq=False, repr=False)
class Ingest:
    """Ingests batches. It runs on the event loop and mostly waits: the writer runs the turns."""

    identity: Identity
    writer: Writer
    receipts: CodeStock
    guesses: CodeGuesses
    spool: Spool
    engine: Engine
    outbox: Outbox
    replies: ReplyWorker
    after_commit: AfterCommit
    metrics: Metrics
    emit: Callable[[LifecycleEvent], None]
    _is_ready: bool = field(default=False, init=False)

    async def receive(self, channel: Channel, batch: Batch) -> Outcome:
        """Ingest a batch. While the database is down, spool a batch that no provider sends again.

        On return the batch is durable, unless `Outcome.state` is `refused`.

        Raises:
            StoreDown, IngestFailed: nothing of the batch may be acknowledged; the provider must send it again.
        """
        comes_once = channel.capabilities.inline or not channel.capabilities.resends
        spools = comes_once and bool(batch.inbound or batch.chores)
        if spools and self.spool.depth:
            return await self._to_spool(channel, batch)
        try:
            async with asyncio.timeout(ANSWER_SECONDS if spools else None):
                results = await self.ingest(channel, batch)
        except (StoreDown, IngestFailed, TimeoutError):  # a write that still goes through is a duplicate for the replay
            if not spools:
                raise
            return await self._to_spool(channel, batch)
        return Outcome(prompts=[prompt for result in results for prompt in result.prompts])

    async def ingest(self, channel: Channel, batch: Batch, *, late: bool = False) -> Sequence[TurnResult]:
        """Ingest a whole batch: its alarms, later reports on calls and chores, and each event exactly once.

        `late`: the request was answered already, so replies go through the outbox.

        Raises:
            StoreDown: the database can't be written; nothing of the batch may be acknowledged.
            IngestFailed: an event failed. The others are ingested; if sent again, they are recognised as duplicates.
        """
        self._note(channel, batch)
        results = await self._events(channel, batch.inbound, late=late)
        if batch.chores:
            await self._queue_chores(batch.chores)
        return results

    def _note(self, channel: Channel, batch: Batch) -> None:
        for code in batch.alarms:
            self.metrics.reports.count(channel.name, code)
            self.metrics.faults.begin(provider_alarm(channel.name, code), seconds=ALARM_SECONDS)
        if batch.unread:
            text = f"{channel.name} could not read a message, which is lost"
            self.metrics.faults.begin(failing_hook(channel.name, "parse", text), seconds=ALARM_SECONDS)
        for _ in range(batch.ignored + batch.unread):
            self.metrics.ignored.count(channel.name)
        if batch.delivered:
            self.replies.report(batch.delivered, channel.name)

    async def _events(self, channel: Channel, events: Sequence[Inbound], *, late: bool) -> Sequence[TurnResult]:
        found = await asyncio.gather(*(self._event(channel, one, late=late) for one in events), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [one for one in found if isinstance(one, TurnResult)]

    async def _event(self, channel: Channel, inbound: Inbound, *, late: bool) -> TurnResult:
        if not self._is_ready:  # the engine loads in a thread what it needs, so that no transaction waits for that
            self._is_ready = True
            asyncio.get_running_loop().run_in_executor(None, self.engine.get_ready)
        event = InboundEvent(channel, inbound, self.identity, late=late)
        if code := _code_in(inbound.event):
            await asyncio.sleep(self.guesses.delay())
            event.code = await self.receipts.key(code)
        try:
            result: TurnResult = await self.writer.write_grouped(event, event.pseudonyms[0])
        except StoreDown:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was: not acknowledged, counted, tried again
            self.metrics.failures.labels(channel.name).inc()
            log.error("turn failed, the provider will retry", channel=channel.name, error=type(error).__name__)
            raise IngestFailed from None
        self.metrics.commit.observe(time.perf_counter() - event.came)
        for conversation, count in result.stored.items():
            self.identity.epochs.drafts.note(conversation, count)
        self._count(channel.name, result)
        self.after_commit(inbound, result)
        return result

    def _count(self, channel: str, result: TurnResult) -> None:
        if result.duplicate:
            self.metrics.duplicates.count(channel)
            return
        self.metrics.turns.count(channel)
        self.emit(LifecycleEvent("turn", channel))
        if result.wrong_code:
            self.guesses.wrong()
        if result.forged:
            self.metrics.forged.count(channel)
        if result.submitted:
            self.metrics.tips.count(channel)
            self.emit(LifecycleEvent("tip", channel))

    async def _queue_chores(self, chores: Sequence[Call]) -> None:
        messages = [message(token_bytes(32), call, must_arrive=True) for call in chores]
        await self.writer.write(lambda unit: self.outbox.add(unit, messages))
        self.replies.post(messages)

    async def _to_spool(self, channel: Channel, batch: Batch) -> Outcome:
        try:
            await asyncio.to_thread(self.spool.add, channel.name, batch)
        except (SpoolFull, OSError) as error:
            log.error("spool write failed, batch refused", channel=channel.name, error=type(error).__name__)
            self.metrics.spooled.count(channel.name, "refused")
            if not _is_answered(channel, batch):  # nobody reads a notice, and the provider may send it again
                raise IngestFailed from None
            return Outcome(state="refused", prompts=[self.outbox.fit(self.engine.unavailable_notice(), channel)])
        self.metrics.spooled.count(channel.name, "spooled")
        prompts = [self.outbox.fit(self.engine.spooled_notice(), channel)] if _is_answered(channel, batch) else []
        return Outcome(state="spooled", prompts=prompts)


def _is_answered(channel: Channel, batch: Batch) -> bool:
    """Whether the sender sees the response to the request of a batch."""
    return channel.capabilities.inline and bool(batch.inbound)


def _code_in(event: Event) -> str | None:
    """Find a receipt code or a handoff code in a typed text or a tap. Most texts have no digit."""
    if isinstance(event, CompleteTip):
        event = event.typed or event.content
    text = event.body if isinstance(event, Text) else code_in(event.token) if isinstance(event, Tap) else ""
    if not any(map(str.isdecimal, text)):
        return None
    return find_code(text, RECEIPT_DIGITS) or find_code(text, HANDOFF_DIGITS, longest=LONGEST_HANDOFF_MESSAGE)


@dataclass(kw_only=True, eq=False, repr=False)
class AfterCommit:
    """Hands the results of turns to the workers of this process.

    This only saves time: every worker, in this process or another, also finds its work in the store.
    """

    replies: ReplyWorker
    files: EvidenceWorker
    deliveries: DeliveryWorker
    log: LogEraser

    def __call__(self, inbound: Inbound, result: TurnResult) -> None:
        self.replies.post(result.outgoing)
        if not result.duplicate:
            self.replies.show_read(result.conversation, inbound.seen, inbound.busy)
            if inbound.answer:
                self.replies.answer(inbound.answer)
        if result.erased:
            self.files.erase(result.erased)
        if result.files:
            self.files.wake()
        if result.submitted:
            self.deliveries.wake()
        if result.submitted or result.ended or result.erased:
            self.log.note()
