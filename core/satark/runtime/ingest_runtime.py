"""The side of a process that tipsters meet: taking turns, answering, fetching files, delivering tips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from secrets import token_bytes
from typing import TYPE_CHECKING

from satark.backoff import keep_running
from satark.channel import ListeningChannel
from satark.delivery.worker import DeliveryWorker
from satark.evidence.fetch import Fetcher
from satark.identity.receipts import CodeStock
from satark.ingest.drafts import Drafts
from satark.ingest.handoff_codes import HandoffCodes
from satark.ingest.intake import GuessBudget, Intake
from satark.ingest.mailbox import Mailboxes
from satark.ingest.reception import Reception
from satark.ingest.spool import Spool
from satark.ingest.submission import Submissions
from satark.ingest.turns import Turns
from satark.observability import log
from satark.outbox.compose import new_outgoing
from satark.outbox.file_notices import FileNotices
from satark.outbox.worker import ReplyWorker
from satark.runtime import compose
from satark.runtime.scheduler import ScheduledJobs
from satark.sink import ListeningSink as SinkListener
from satark.store import outbox
from satark.store.writer import Writer

if TYPE_CHECKING:
    from satark.channel import Batch, Call, Channel, Inbound
    from satark.ingest.event import TurnResult
    from satark.observability import LifecycleEvent
    from satark.plugins.loader import Plugins
    from satark.services import Services
    from satark.settings import Role, Settings
    from satark.telemetry.metrics import Metrics


class IngestRuntime:
    """The web and worker roles of one process."""

    def __init__(
        self,
        *,
        settings: Settings,
        roles: Collection[Role],
        plugins: Plugins,
        services: Services,
        metrics: Metrics,
        happened: Callable[[LifecycleEvent], None],
    ) -> None:
        self._settings = settings
        self._roles = roles
        self._services = services
        self._metrics = metrics
        core, geography = settings.core, services.geography
        self.channels: Sequence[Channel] = plugins.channels(settings)
        accounts = {account: channel for channel in self.channels for account in channel.accounts}
        self._identity = identity = compose.load_identity(settings)
        self._flows = compose.load_flows(settings, plugins, geography, self.channels)
        self._mint = CodeStock(identity)
        self._passages = HandoffCodes(identity, core.passage_minutes)
        self.writer = Writer(services.main, services.keys, grouped=self._turns(plugins, accounts), batch=core.batch)
        self._sender = ReplyWorker(
            channels=accounts, writer=self.writer, identity=identity, metrics=metrics, settings=core
        )
        self.intake = Intake(
            identity=identity,
            writer=self.writer,
            mint=self._mint,
            passages=self._passages,
            metrics=metrics,
            guesses=GuessBudget(core.code_guesses_per_minute),
            committed=self._committed,
            happened=happened,
        )
        self.reception = Reception(
            take=self.take,
            channels=self.channels,
            spool=Spool(settings.spool_dir, identity, max_files=core.spool_max_files, max_bytes=core.spool_max_bytes),
            engine=self._flows.current,
            metrics=metrics,
        )
        self.drafts = Drafts(flows=self._flows, identity=identity, services=services)
        self._fetcher = Fetcher(
            channels=accounts,
            writer=self.writer,
            identity=identity,
            metrics=metrics,
            settings=settings,
            scrubbers=plugins.scrubbers(),
            notices=FileNotices(channels=accounts, flows=self._flows, identity=identity, posted=self._sender.post),
            happened=happened,
        )
        self._sinks = compose.load_sinks(settings, plugins, services) if "worker" in roles else []
        self._courier = self._new_courier(happened)
        self._timers = self._new_timers(accounts, happened)

    def _new_courier(self, happened: Callable[[LifecycleEvent], None]) -> DeliveryWorker:
        return DeliveryWorker(
            sinks=self._sinks,
            writer=self.writer,
            services=self._services,
            metrics=self._metrics,
            settings=self._settings.core,
            happened=happened,
        )

    def _new_timers(self, accounts: Mapping[str, Channel], happened: Callable[[LifecycleEvent], None]) -> ScheduledJobs:
        return ScheduledJobs(
            channels=accounts,
            flows=self._flows,
            identity=self._identity,
            writer=self.writer,
            services=self._services,
            settings=self._settings.core,
            posted=self._sender.post,
            erased=self._fetcher.erase,
            happened=happened,
        )

    def _turns(self, plugins: Plugins, accounts: Mapping[str, Channel]) -> Turns:
        return Turns(
            identity=self._identity,
            flows=self._flows,
            plugins=plugins,
            settings=self._settings.core,
            registry=Submissions(mint=self._mint, plugins=plugins, services=self._services),
            mailroom=Mailboxes(self._identity, self._settings.core),
            passages=self._passages,
            channels=accounts,
        )

    async def start(self, tasks: asyncio.TaskGroup, *, embedded: bool) -> None:
        """Open the channels and start working. `embedded`: no other process works on this database."""
        for channel in self.channels:
            await channel.open()
        await self.writer.write(self._flows.remember)
        if embedded:
            # Whoever held these died with the last process; nobody else could be sending them.
            await self.writer.write(outbox.release)
        work = {"receipts": self._mint.run, "passages": self._passages.mint.run, "sender": self._sender.run}
        if "web" in self._roles:
            await self.reception.start()
            work["spool"] = self.reception.run
            work |= {
                c.name: partial(c.listen, partial(self._hear, c))
                for c in self.channels
                if isinstance(c, ListeningChannel)
            }
        if "worker" in self._roles:
            await self._courier.open()
            work |= {"deliveries": self._courier.run, "files": self._fetcher.run, "timers": self._timers.run}
            work |= {f"{sink.name} answers": sink.listen for sink in self._sinks if isinstance(sink, SinkListener)}
        for name, run in work.items():
            tasks.create_task(keep_running(name, run))

    async def stop(self) -> None:
        """Close what `start` opened; call it when the tasks have ended."""
        await self._courier.close()
        for channel in self.channels:
            await channel.close()
        self._mint.close()
        self._passages.mint.close()

    async def take(self, channel: Channel, batch: Batch, *, late: bool = False) -> Sequence[TurnResult]:
        """Take everything of a batch: alarms, later reports on calls, and each event exactly once.

        `late`: the request was answered before, so that what is to be said goes through the outbox.

        Raises:
            StoreDown, NotTaken: nothing of the batch may be acknowledged; see `Intake.receive`.
        """
        for code in batch.alarms:
            self._metrics.reports.labels(channel.name, code).inc()
            log.error("provider alarm", channel=channel.name, code=code)
        self._sender.report(batch.delivered, channel.name)
        taken = await self.intake.receive(channel, batch, late=late)
        if batch.chores:
            await self._do(batch.chores)
        return taken

    async def _do(self, chores: Sequence[Call]) -> None:
        items = [new_outgoing(token_bytes(32), call, keep=True) for call in chores]
        await self.writer.write(lambda unit: outbox.add(unit, items, self._identity))
        self._sender.post(items)

    async def _hear(self, channel: Channel, batch: Batch) -> None:
        await self.take(channel, batch)

    def _committed(self, inbound: Inbound, conversation: bytes, taken: TurnResult) -> None:
        self._sender.post(taken.outgoing)
        if not taken.duplicate:
            self._sender.glance(conversation, inbound.seen, inbound.busy)
            if inbound.answer:
                self._sender.answer(inbound.answer)
        if taken.erased:
            self._fetcher.erase(taken.erased)
        if taken.files:
            self._fetcher.wake()
        if taken.submitted:
            self._courier.wake()
