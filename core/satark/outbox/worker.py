"""Reply worker: sends replies from memory right after the commit.

After a crash another process resends replies from their outbox rows. Each conversation has a queue of its own, so that
replies keep their order and a slow or throttled conversation delays nobody else. If a newer reply has overtaken a reply
in its queue, the older one is dropped, unless it must arrive.
"""

import asyncio
import re
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

import msgspec

from satark.api.background import backoff
from satark.api.channel import Channel, channel_of
from satark.api.observability import log
from satark.api.outbound import (
    Accepted,
    Blocked,
    Call,
    Delivered,
    Misconfigured,
    Permanent,
    SendResult,
    Throttled,
    Transient,
    WindowClosed,
)
from satark.identity.edge_key import Identity
from satark.outbox.outbox import CallsUnderWay
from satark.settings.core import Core
from satark.store import outbox as store
from satark.store import provider_messages
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import CLOCKS_APART, UnitOfWork
from satark.store.writer import StoreDown, WriteBatcher, Writer
from satark.telemetry.faults import refusal_code, refused_reply, refusing_provider
from satark.telemetry.metrics import Metrics

MISCONFIGURED_WAIT = 60.0
"""Seconds between attempts while an account is misconfigured."""
REFUSED_SECONDS = 3600.0
"""Seconds for which a reply counts as a fault after a provider refused it for good."""
LONGEST_WAIT = 900.0
"""Most seconds between two attempts."""
RENEW_AFTER = 3.0
"""Seconds after which a claim is renewed, if its call still waits in this process."""
READ_MARK_SECONDS = 1.0
"""Seconds between two rounds of "read" marks. A round has one mark per conversation, which covers earlier messages."""

_CALL_ID = re.compile("[0-9a-f]{32}")


class ReplyWorker:
    """Sends the replies of one process."""

    def __init__(
        self, *, channels: Mapping[str, Channel], writer: Writer, identity: Identity, metrics: Metrics, settings: Core
    ) -> None:
        self._channels = channels
        self._writer = writer
        self._identity = identity
        self._metrics = metrics
        self._settings = settings
        self._queues: dict[bytes, deque[tuple[OutboxMessage, int]]] = {}
        self._calls: defaultdict[str, CallsUnderWay] = defaultdict(
            lambda: CallsUnderWay(settings.senders, settings.most_senders)
        )
        """Account → the limit of its calls under way. A provider that does not answer delays only its own replies."""
        self._paused: dict[str, float] = {}
        self._held: dict[bytes, float] = {}
        """Id of a call under way → time of its claim. Another process may take a call whose claim is not renewed."""
        self._polling = Polling()
        self._sent = WriteBatcher(writer, store.delete_sent)
        self._message_ids: WriteBatcher[tuple[bytes, str]] = WriteBatcher(
            writer, lambda unit, sent: provider_messages.add(unit, sent, identity)
        )
        self._read_marks: dict[bytes, tuple[Call | None, Call | None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Send until cancelled. Look every second for replies that other processes, or this one earlier, left."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._send_read_marks())
                for conversation, queue in self._queues.items():  # posted while nothing ran
                    self._tasks.create_task(self._drain(conversation, queue))
                while True:
                    self._renew()
                    await self._recover()
                    await asyncio.sleep(1)
        finally:
            self._tasks = None

    def post(self, items: Iterable[OutboxMessage]) -> None:
        """Send the messages that a committed turn put into the outbox. Older ones of the conversation are dropped."""
        items = list(items)
        for conversation in {item.conversation for item in items}:
            queue = self._queues.get(conversation, deque())
            for waiting in [entry for entry in queue if not entry[0].must_arrive]:
                queue.remove(waiting)
                self._held.pop(waiting[0].id, None)
        if self._places_in_memory >= len(items):  # else their rows are sent when there is room again
            for item in items:
                self._enqueue(item, 1)

    def show_read(self, conversation: bytes, seen: Call | None, busy: Call | None) -> None:
        """Show the sender soon that we have read them, or are typing. This is neither stored nor retried."""
        if seen or busy:
            self._read_marks[conversation] = (seen, busy)

    def answer(self, call: Call) -> None:
        """Make a call at once, since somebody's phone waits for it. Drop it if too many calls are under way."""
        channel = self._channels.get(call.account)
        if channel and self._tasks is not None and not self._calls[call.account].is_full:
            self._tasks.create_task(self._make(channel, call))

    def report(self, delivered: Iterable[Delivered], channel: str) -> None:
        """Process the provider's later reports on calls."""
        for one in delivered:
            self._metrics.reports.count(channel, _name(one.result))
            if _CALL_ID.fullmatch(one.call_id):
                self._writer.write_soon(_Report(bytes.fromhex(one.call_id), one.result, self._identity))

    @property
    def is_busy(self) -> bool:
        return bool(self._queues)

    @property
    def _places_in_memory(self) -> int:
        return self._settings.replies_in_memory - len(self._held)

    def _enqueue(self, item: OutboxMessage, attempt: int) -> None:
        queue = self._queues.get(item.conversation)
        if queue is None:
            self._queues[item.conversation] = queue = deque()
            if self._tasks is not None:
                self._tasks.create_task(self._drain(item.conversation, queue))
        self._held[item.id] = time.monotonic()
        queue.append((item, attempt))

    async def _drain(self, conversation: bytes, queue: deque[tuple[OutboxMessage, int]]) -> None:
        try:
            while queue:
                if queue[0][0].debounce:
                    await asyncio.sleep(self._settings.settle_seconds)
                item, attempt = queue.popleft()
                try:
                    await self._send(item, attempt)
                finally:
                    self._held.pop(item.id, None)
        finally:
            # Broken off: what is left here must not stay claimed, or nobody would ever send it.
            for item, _ in queue:
                self._held.pop(item.id, None)
            self._queues.pop(conversation, None)

    def _renew(self) -> None:
        now = time.monotonic()
        old = [id_ for id_, since in self._held.items() if now - since > RENEW_AFTER]
        if old:
            self._held |= dict.fromkeys(old, now)
            self._writer.write_soon(lambda unit: store.renew_claims(unit, old))

    async def _send(self, item: OutboxMessage, attempt: int) -> None:
        channel = self._channels.get(item.call.account)
        if channel is None:
            self._later(item, attempt - 1, MISCONFIGURED_WAIT, "no such account")
            return
        calls = self._calls[item.call.account]
        async with calls:
            pause = self._paused.get(item.call.account, 0) - time.monotonic()
            if pause > 0:
                self._later(item, attempt - 1, pause, "throttled")
                return
            began = time.monotonic()
            result = await _send(channel, item.call, item.id.hex())
            calls.note(time.monotonic() - began)
        self._metrics.sends.count(channel.name, _name(result))
        self._settle(item, attempt, result)

    def _settle(self, item: OutboxMessage, attempt: int, result: SendResult) -> None:
        match result:
            case Accepted():
                self._metrics.faults.end(refusal_code(channel_of(item.call.account)))
                self._accepted(item, result.provider_message_id)
            case Throttled():
                if result.scope == "account":
                    self._paused[item.call.account] = time.monotonic() + result.after
                self._again(item, attempt, result.after, "throttled")
            case Transient():
                self._again(item, attempt, backoff(attempt, longest=LONGEST_WAIT), result.code)
            case WindowClosed():
                self._writer.write_soon(lambda unit: store.use_fallback(unit, item.id, self._identity))
            case Blocked():
                self._writer.write_soon(lambda unit: store.note_failed(unit, item.id, self._identity))
                self._sent.add(item.id)
            case Permanent():
                fault = refused_reply(channel_of(item.call.account), result.code)
                self._metrics.faults.begin(fault, seconds=REFUSED_SECONDS)
                self._dead_letter(item, result.code)
            case Misconfigured():
                channel = channel_of(item.call.account)
                log.error("channel misconfigured", channel=channel, code=result.code)
                # It ends by itself: the next call that is accepted may be another process's.
                self._metrics.faults.begin(refusing_provider(channel, result.code), seconds=3 * MISCONFIGURED_WAIT)
                self._later(item, attempt - 1, MISCONFIGURED_WAIT, result.code)
            case _:
                assert_never(result)

    def _accepted(self, item: OutboxMessage, provider_message_id: str) -> None:
        if provider_message_id:
            self._message_ids.add((item.conversation, provider_message_id))
        if store.needs_report(item):
            self._writer.write_soon(lambda unit: store.mark_awaiting_report(unit, item))
            return
        self._sent.add(item.id)

    def _again(self, item: OutboxMessage, attempt: int, seconds: float, reason: str) -> None:
        if attempt >= self._settings.send_attempts:
            self._dead_letter(item, reason)
        else:
            self._later(item, attempt, seconds, reason)

    def _later(self, item: OutboxMessage, attempts: int, seconds: float, reason: str) -> None:
        self._writer.write_soon(lambda unit: store.retry_later(unit, item.id, attempts, seconds, reason))

    def _dead_letter(self, item: OutboxMessage, reason: str) -> None:
        self._writer.write_soon(lambda unit: store.dead_letter(unit, item.id, reason, self._identity))

    async def _recover(self) -> None:
        room = self._places_in_memory
        if room <= 0:
            return

        def claim(unit: UnitOfWork) -> list[tuple[OutboxMessage, int]]:
            limit = min(self._settings.batch, room)
            found = store.claim(unit, self._identity, limit, since=self._polling.since(unit.now))
            self._polling.ended(unit.now, found_all=len(found) < limit)
            return found

        try:
            claimed = await self._writer.write(claim)
        except StoreDown:
            return
        for item, attempt in claimed:
            self._enqueue(item, attempt)

    async def _send_read_marks(self) -> None:
        while True:
            await asyncio.sleep(READ_MARK_SECONDS)
            marks, self._read_marks = self._read_marks, {}
            for conversation, (seen, busy) in marks.items():
                call = busy if conversation in self._queues else seen
                channel = self._channels.get(call.account) if call else None
                if call and channel and not self._calls[call.account].is_full:
                    await self._make(channel, call)

    async def _make(self, channel: Channel, call: Call) -> None:
        async with self._calls[call.account]:
            await _send(channel, call, "")


class _Report:
    """A change in the store after a provider's later report."""

    def __init__(self, id_: bytes, result: SendResult, identity: Identity) -> None:
        self._id = id_
        self._result = result
        self._identity = identity

    def __call__(self, unit: UnitOfWork) -> None:
        if isinstance(self._result, WindowClosed):
            store.use_fallback(unit, self._id, self._identity)
        elif isinstance(self._result, Accepted):
            store.delete_sent(unit, [self._id])
        else:
            store.note_failed(unit, self._id, self._identity)


async def _send(channel: Channel, call: Call, call_id: str) -> SendResult:
    try:
        return await channel.send(call, call_id)
    except Exception as error:  # noqa: BLE001 - a channel that breaks its promise must not stop the others
        return Transient(type(error).__name__)


def _name(result: SendResult) -> str:
    return str(msgspec.structs.asdict(result).get("code") or type(result).__name__.lower())


ALL_EVERY: Final = 60
"""Seconds between two polls without a limit, which find due times long past from a process whose clock is behind."""


class Polling:
    def __init__(self) -> None:
        self._all_at = self._none_before = 0

    def since(self, now: int) -> int:
        """Return the earliest due time for this poll (Unix seconds); 0: there is no limit."""
        if not self._all_at <= now < self._all_at + ALL_EVERY:
            self._all_at, self._none_before = now, 0
        return self._none_before

    def ended(self, now: int, *, found_all: bool) -> None:
        """Note that a poll ended. `found_all`: it found fewer replies than one poll may take."""
        self._none_before = now - CLOCKS_APART if found_all else 0
