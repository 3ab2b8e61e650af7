"""The ingest runtime: makes and starts the parts of a process with the roles web and worker."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial

from satark.api.background import keep_running
from satark.api.channel import CarryingChannel, Channel, ListeningChannel
from satark.api.observability import LifecycleEvent
from satark.api.prompt import Capabilities, Prompt
from satark.api.sink import ListeningSink
from satark.delivery.worker import DeliveryWorker
from satark.dialogue.rendering.fit import fit
from satark.evidence.voice_listening import VoiceListener
from satark.evidence.worker import EvidenceWorker
from satark.identity.receipt_codes import CodeStock
from satark.ingest.batch import BatchRunner
from satark.ingest.code_guesses import CodeGuesses
from satark.ingest.handoff_codes import HandoffCodes
from satark.ingest.ingest import AfterCommit, Ingest
from satark.ingest.mailbox_store import Mailboxes
from satark.ingest.replay import SpoolReplay
from satark.ingest.sessions import Drafts, SessionStore
from satark.ingest.spool import Spool
from satark.ingest.submission import Decoys, Submissions
from satark.ingest.turn import TurnRunner
from satark.ingest.voice_dangers import VoiceDangers
from satark.outbox.outbox import FileNotices, Outbox
from satark.outbox.worker import ReplyWorker
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.runtime.retention_job import Retention, RetentionJob
from satark.runtime.scheduler import EVERY, EpochTurnover, ScheduledJobs, repeat
from satark.services import Services
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store.epochs import Epochs
from satark.store.write_ahead_log import LogEraser
from satark.store.writer import Bounds, Writer
from satark.telemetry.metrics import Metrics


class IngestRuntime:
    """Everything between the channels and the sinks in one process."""

    def __init__(
        self,
        *,
        settings: Settings,
        roles: Collection[Role],
        plugins: Plugins,
        services: Services,
        metrics: Metrics,
        emit: Callable[[LifecycleEvent], None],
        synthetic: bool = False,
    ) -> None:
        """`synthetic`: its only tip is the probe's."""
        self._settings, self._services, self._metrics, self._emit = settings, services, metrics, emit
        self._roles = roles
        core = settings.core
        self.channels: Sequence[Channel] = compose.load_channels(settings, plugins)
        self._accounts = {account: channel for channel in self.channels for account in channel.accounts}
        self.identity = compose.load_identity(settings)
        self.epochs = Epochs(self.identity, services.main, services.keys, services.roster)
        self._flows = compose.load_flows(settings, plugins, services.geography, self.channels)
        self._receipts = CodeStock(self.identity, ahead=core.receipt_codes_ahead)
        self._decoys = Decoys(core.receipt_codes_ahead)
        self._handoff_codes = HandoffCodes(self.identity, core.handoff_code_minutes)
        self._sessions = SessionStore(self.identity, core)
        self._outbox = self._build_outbox(plugins)
        self.writer = Writer(
            services.main,
            services.keys,
            grouped=self._build_turns(plugins, synthetic=synthetic),
            bounds=Bounds(core.batch, core.sender_turns, core.turns_waiting, core.sender_waiting),
            around=self.epochs.unchanged,
        )
        self._replies = ReplyWorker(
            channels=self._accounts, writer=self.writer, identity=self.identity, metrics=metrics, settings=core
        )
        self._fetcher = self._build_fetcher(plugins)
        self._sinks = compose.load_sinks(settings, plugins, services, self.writer) if "worker" in roles else []
        self._deliveries = DeliveryWorker(
            sinks=self._sinks, writer=self.writer, services=services, metrics=metrics, settings=core, emit=emit
        )
        self._log = LogEraser((services.main, services.keys))
        self._turnover = EpochTurnover(self.epochs, self.writer, self._log)
        self._jobs = self._build_jobs()
        self.retention = RetentionJob(Retention(settings, services, self.identity, plugins), self.writer)
        self.spool = Spool(
            settings.spool_dir, self.identity, max_files=core.spool_max_files, max_bytes=core.spool_max_bytes
        )
        self.ingest = self._build_ingest()
        self._replay = SpoolReplay(ingest=self.ingest, channels=self.channels, spool=self.spool, metrics=metrics)
        self.drafts = Drafts(flows=self._flows, identity=self.identity, sessions=self._sessions, services=services)

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Open the channels and start the background tasks."""
        await self._turnover.run()  # epochs that ended while no process ran: before anything is served
        await self.retention.prepare()
        for channel in self.channels:
            await channel.open()
        await self.store_flow()
        work: dict[str, Callable[[], Awaitable[None]]] = {"replies": self._replies.run}
        work["epochs"] = partial(repeat, self._turnover.run, EVERY)
        if "web" in self._roles:
            self._receipts.start()
            self._decoys.start()
            self._handoff_codes.stock.start()
            await self._replay.start()
            work |= {"spool": self._replay.run, **self._listening()}
        if "worker" in self._roles:
            await self._deliveries.open()
            work |= {"deliveries": self._deliveries.run, "files": self._fetcher.run, "scheduled jobs": self._jobs.run}
            work["retention"] = self.retention.run
            work |= {f"{sink.name} answers": sink.listen for sink in self._sinks if isinstance(sink, ListeningSink)}
        for name, run in work.items():
            tasks.create_task(keep_running(name, run, self._metrics.faults.task_failed))

    def is_busy(self) -> bool:
        """Return whether a reply, a file or a call is under way: the end of this process would interrupt it."""
        return self._replies.is_busy or self._fetcher.is_busy or self.carries_calls()

    def carries_calls(self) -> bool:
        """Return whether a call is under way in this process."""
        return any(channel.in_use for channel in self.channels if isinstance(channel, CarryingChannel))

    async def store_flow(self) -> None:
        """Store the flow in use: new sessions are pinned to it."""
        await self.writer.write(self._flows.store_current)

    async def stop(self) -> None:
        """Close what `start` opened. Call this when the tasks have ended."""
        await self._deliveries.close()
        for channel in self.channels:
            await channel.close()
        self._receipts.close()
        self._decoys.close()
        self._handoff_codes.stock.close()

    def _listening(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {
            channel.name: partial(channel.listen, partial(self.ingest.receive, channel))
            for channel in self.channels
            if isinstance(channel, ListeningChannel)
        }

    def _build_outbox(self, plugins: Plugins) -> Outbox:
        return Outbox(
            channels=self._accounts,
            fitted=_fitting(plugins),
            identity=self.identity,
            read_aloud=compose.load_read_aloud(self._settings, self._services.geography),
        )

    def _build_turns(self, plugins: Plugins, *, synthetic: bool) -> BatchRunner:
        submissions = Submissions(
            identity=self.identity,
            receipts=self._receipts,
            decoys=self._decoys,
            plugins=plugins,
            services=self._services,
            synthetic=synthetic,
        )
        runner = TurnRunner(
            identity=self.identity,
            flows=self._flows,
            plugins=plugins,
            submissions=submissions,
            mailboxes=Mailboxes(self.identity, self._settings.core, self._services.roster),
            handoff_codes=self._handoff_codes,
            outbox=self._outbox,
        )
        return BatchRunner(
            identity=self.identity,
            flows=self._flows,
            sessions=self._sessions,
            handoff_codes=self._handoff_codes,
            runner=runner,
            outbox=self._outbox,
            seen_days=int(self._settings.core.seen_days),
            is_one_machine=self._services.machines == 1 or self._services.main.dialect.name == "sqlite",
        )

    def _build_fetcher(self, plugins: Plugins) -> EvidenceWorker:
        notices = FileNotices(outbox=self._outbox, flows=self._flows, identity=self.identity, posted=self._replies.post)
        dangers = VoiceDangers(
            flows=self._flows,
            identity=self.identity,
            sessions=self._sessions,
            outbox=self._outbox,
            writer=self.writer,
            replies=self._replies,
            roster=self._services.roster,
        )
        transcribers = compose.load_transcribers(self._settings, plugins) if "worker" in self._roles else ()
        return EvidenceWorker(
            channels=self._accounts,
            writer=self.writer,
            identity=self.identity,
            metrics=self._metrics,
            settings=self._settings,
            scrubbers=plugins.scrubbers(),
            notices=notices,
            listener=VoiceListener(transcribers, dangers.hear),
            roster=self._services.roster,
            emit=self._emit,
        )

    def _build_jobs(self) -> ScheduledJobs:
        return ScheduledJobs(
            outbox=self._outbox,
            flows=self._flows,
            sessions=self._sessions,
            identity=self.identity,
            log=self._log,
            writer=self.writer,
            services=self._services,
            settings=self._settings.core,
            posted=self._replies.post,
            erased=self._fetcher.erase,
            emit=self._emit,
        )

    def _build_ingest(self) -> Ingest:
        after_commit = AfterCommit(
            replies=self._replies, files=self._fetcher, deliveries=self._deliveries, log=self._log
        )
        return Ingest(
            identity=self.identity,
            writer=self.writer,
            receipts=self._receipts,
            guesses=CodeGuesses(self._settings.core.code_guesses_per_minute),
            spool=self.spool,
            engine=self._flows.current,
            outbox=self._outbox,
            replies=self._replies,
            after_commit=after_commit,
            metrics=self._metrics,
            emit=self._emit,
        )


def _fitting(plugins: Plugins) -> Callable[[Prompt, Capabilities], Prompt]:
    """Return the function that fits prompts. It calls the plugins' hook only if a plugin implements it."""
    if not plugins.implements("satark_render"):
        return fit
    return lambda prompt, capabilities: plugins.render(prompt, capabilities) or fit(prompt, capabilities)
