"""Host: one process with its roles, and all the workers that run in it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import keep_running, run_in_thread
from satark.api.channel import Channel
from satark.api.observability import LifecycleEvent, log
from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import Sink
from satark.api.web import Page
from satark.custody.comparison import note_stores
from satark.plugins.failing_hooks import HookFailure
from satark.runtime import compose, systemd
from satark.runtime.alarms import Alarms
from satark.runtime.dependency_faults import FileStoreFinder, PeerWatch
from satark.runtime.fault_watch import FaultWatch
from satark.runtime.ingest_runtime import IngestRuntime
from satark.services import DeskContext, ProcessServices, Services, WebContext
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store.engines import is_database_fault
from satark.store.writer import Bounds, Writer
from satark.telemetry.faults import ALARM_SECONDS, failing_hook, missing_text
from satark.telemetry.metrics import Metrics
from satark_files.extra_packages import Extra, advice, missing
from satark_files.file_store import FolderStore
from satark_words.catalogues import report_missing

ROLES: tuple[Role, ...] = ("web", "worker", "desk")
DATABASE_SECONDS = 2.0
"""Seconds between two attempts to reach a database that did not answer at the start."""
_LOOP_SECONDS = 1.0
"""Seconds between two looks at how late the event loop is."""
_EXTRAS: Final[dict[Role, Extra]] = {"worker": "evidence", "desk": "printing"}
"""Role → the extra without which a process with this role can't work."""


class Host:
    """A process made from its settings. `running` starts it."""

    def __init__(
        self, settings: Settings, roles: Collection[Role] = ROLES, *, is_alone: bool = True, is_trial: bool = False
    ) -> None:
        """Make the process, and migrate an empty database.

        `is_alone`: no other process on this machine has the same roles. `is_trial`: the process never runs, so it
        leaves the databases as they are and asks no machine for keys.

        A process with the role web also starts without the database. Until the database answers, it spools batches, and
        refuses those that providers send again.

        Raises:
            SettingsError: something is wrong with the configuration or the databases.
            PluginError: a plugin can't be used.
        """
        self.settings = settings
        self.roles = frozenset(roles)
        self.is_alone = is_alone
        self.stop: Callable[[], None] = partial(signal.raise_signal, signal.SIGTERM)
        """Call this to end the process."""
        check_packages(self.roles)
        if "worker" in self.roles:
            compose.check_isolation(settings)
        self.metrics = Metrics()
        self.plugins = compose.load_plugins(settings)
        self.plugins.isolation.report = self._hook_failed
        faults = self.metrics.faults
        report_missing(lambda language, key: faults.begin(missing_text(language, key), seconds=ALARM_SECONDS))
        self._has_event_hook = self.plugins.implements("satark_event")
        destinations = compose.load_destinations(settings, self.plugins, makes_keys=self.roles != {"web"})
        self._open(compose.load_services(settings, compose.load_geography(settings), destinations), is_trial=is_trial)
        self._watch()
        self.pages = [*self._web_pages(), *self._desk_pages()]

    def _open(self, services: Services, *, is_trial: bool) -> None:
        self.waits = False
        """Whether the process started without the database and still waits for it."""
        try:
            self.waits = is_trial or not self._answers(self._prepare_database, services)
            self.ingest_runtime = self._ingest_runtime(services) if self.roles & {"web", "worker"} else None
            self.waits = self.waits or not self._answers(self._check_keys, services)
        except SettingsError:
            services.close()
            raise
        self.writer = self._writer(services)
        self.writer.held = self.waits
        self.services = ProcessServices(services, self.writer)

    def _watch(self) -> None:
        settings, identity = self.settings, self.ingest_runtime.identity if self.ingest_runtime else None
        self.fault_watch = FaultWatch(
            self.services, self.metrics, settings, identity=identity, opens_files="worker" in self.roles
        )
        self.peer_watch = PeerWatch(self._peers, self.metrics.faults)
        self.alarms = Alarms(
            self.metrics.faults,
            settings.core,
            lambda: compose.load_sinks(settings, self.plugins, self.services, self.writer, read_tips=False),
            self.roles,
        )
        self.background: dict[str, Callable[[], Awaitable[None]]] = {
            "faults": self.fault_watch.run,
            "peers": self.peer_watch.run,
            "missing": self.fault_watch.run_missing,
            "loop": self._watch_loop,
        }
        """Further endless tasks by name. Add them before the host runs."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work while the block runs; at the block's end, finish the work under way and stop."""
        self.writer.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                started = asyncio.Event()
                work = tasks.create_task(self._work(started))
                await started.wait()
                yield
                work.cancel()
        finally:
            await self.writer.stop()
            with suppress(SQLAlchemyError, OSError):  # what came since the fault watch's last look
                await run_in_thread(note_stores, self.services)
            if self.ingest_runtime:
                await self.ingest_runtime.stop()
            self.services.close()

    async def _work(self, started: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(systemd.show_life(started))
            tasks.create_task(keep_running("alarms", self.alarms.run, self.metrics.faults.task_failed))
            if self.waits:
                started.set()
                await self._wait_for_database()
            if self.ingest_runtime:
                await self.ingest_runtime.start(tasks)
            for name, work in self.background.items():
                tasks.create_task(keep_running(name, work, self.metrics.faults.task_failed))
            started.set()
            await asyncio.Event().wait()

    async def _wait_for_database(self) -> None:
        """Wait until the database answers. Stop the process if it must not write to this database."""
        while self.waits:
            await self.fault_watch.look_once()
            try:
                if await run_in_thread(self._answers, self._use_database, self.services):
                    self.waits = self.writer.held = False
                    await self.fault_watch.look_once()
                    return
            except SettingsError as error:
                log.error(f"the database answers, but can't be used; stopping: {error.problems[0]}")
                self.stop()
                await asyncio.Event().wait()
            except SQLAlchemyError:  # it went away again
                pass
            await asyncio.sleep(DATABASE_SECONDS)

    async def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOP_SECONDS
            await asyncio.sleep(_LOOP_SECONDS)
            self.metrics.loop_delay.observe(loop.time() - due)

    def emit(self, event: LifecycleEvent) -> None:
        if self._has_event_hook:
            self.plugins.event(event)

    def _hook_failed(self, failure: HookFailure) -> None:
        """Count a call of an optional hook that was skipped, and show it to the operator for a day."""
        self.metrics.hooks.count(failure.plugin, failure.hook)
        self.metrics.faults.begin(failing_hook(failure.plugin, failure.hook, str(failure)), seconds=ALARM_SECONDS)

    def _ingest_runtime(self, services: Services) -> IngestRuntime:
        return IngestRuntime(
            settings=self.settings,
            roles=self.roles,
            plugins=self.plugins,
            services=services,
            metrics=self.metrics,
            emit=self.emit,
        )

    def _writer(self, services: Services) -> Writer:
        if self.ingest_runtime:
            return self.ingest_runtime.writer
        return Writer(services.main, services.keys, bounds=Bounds(self.settings.core.batch))

    def _peers(self) -> list[Channel | Sink | FileStoreFinder]:
        """Make this process's channels and sinks again, only to ask their peers."""
        has_bucket = not isinstance(self.services.files, FolderStore)
        stores = [FileStoreFinder(self.services)] if has_bucket else []
        channels = compose.load_channels(self.settings, self.plugins) if "web" in self.roles else ()
        if "worker" not in self.roles:
            return [*stores, *channels]
        return [*stores, *channels, *compose.load_sinks(self.settings, self.plugins, self.services, self.writer)]

    def _web_pages(self) -> list[Page]:
        if "web" not in self.roles or self.ingest_runtime is None:
            return []
        ingest, drafts = self.ingest_runtime.ingest, self.ingest_runtime.drafts
        context = WebContext(self.services, self.writer, ingest=ingest, drafts=drafts)
        return self.plugins.web_pages(self.settings, context)

    def _desk_pages(self) -> list[Page]:
        if "desk" not in self.roles:
            return []
        from satark.delivery.destination_reader import DestinationReader  # noqa: PLC0415 - other roles read no tips

        faults = self.metrics.faults
        context = DeskContext(
            self.services,
            self.writer,
            transcribers=compose.load_transcribers(self.settings, self.plugins),
            has_fault=lambda: faults.of_machine,
            reader=partial(DestinationReader.named, self.services),
        )
        return self.plugins.desk_pages(self.settings, context)

    def _answers(self, step: Callable[[Services], None], services: Services) -> bool:
        """Run a step that needs the database. False: none can be used, but the process can start without one."""
        try:
            step(services)
        except SQLAlchemyError as error:
            if "web" not in self.roles or not is_database_fault(error):
                raise
            return False
        return True

    def _check_keys(self, services: Services) -> None:
        """Check that the database was written with these key files and this folder. A new database takes them over.

        Drafts whose epoch keys vanished with the power are given up before anything is served.
        """
        runtime = self.ingest_runtime
        identity = runtime.identity if runtime else None
        compose.check_canaries(identity, services)
        if problems := compose.storage_problems(services, at_start=True):
            raise SettingsError(problems)
        if runtime:
            has_all = self.is_alone and self.roles >= {"web", "worker"} and services.main.dialect.name == "sqlite"
            is_alone = has_all and self.settings.core.epoch_key_file is None
            compose.join_epochs(runtime.epochs, services, is_alone=is_alone)
        if problems := compose.roster_problems(identity, services):
            raise SettingsError(problems)

    def _use_database(self, services: Services) -> None:
        self._prepare_database(services)
        self._check_keys(services)

    def _prepare_database(self, services: Services) -> None:
        """Migrate an empty database; check any other."""
        migrations = compose.migrations(services, self.plugins)
        if not migrations.current():
            migrations.upgrade()
        elif problem := migrations.problem():
            raise SettingsError([SettingProblem.of("database_url", problem)])
        else:
            migrations.note()


def check_packages(roles: Collection[Role]) -> None:
    """Check that the packages are installed that these roles need to open citizens' files and to print.

    Raises:
        SettingsError: packages of an extra are missing on a machine with one of these roles.
    """
    problems = [
        SettingProblem("role", "satark serve --role", f"{role} needs {', '.join(names)}: not installed", advice(extra))
        for role, extra in _EXTRAS.items()
        if role in roles and (names := missing(extra))
    ]
    if problems:
        raise SettingsError(problems)
