"""Host: one running process with its roles, and everything that works in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from satark.backoff import keep_running
from satark.core_settings import Role
from satark.observability import LifecycleEvent, log
from satark.runtime import compose
from satark.runtime.ingest_runtime import IngestRuntime
from satark.runtime.roster_watch import RosterWatch
from satark.services import DeskContext, ProcessServices, WebContext
from satark.settings import SettingProblem, Settings, SettingsError
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from satark.services import Services
    from satark.web import Page

ROLES: tuple[Role, ...] = ("web", "worker", "desk")


class Host:
    """A process put together from its settings; `running` starts it."""

    def __init__(self, settings: Settings, roles: Collection[Role] = ROLES) -> None:
        """Put the process together, and migrate an empty database.

        Raises:
            SettingsError: something is wrong with the configuration or the databases.
            PluginError: a plugin can't be used.
        """
        self.settings = settings
        self.roles = frozenset(roles)
        if "worker" in self.roles:
            compose.check_isolation(settings)
        self.metrics = Metrics()
        self.plugins = compose.load_plugins(settings)
        self._has_event_hook = self.plugins.implements("satark_event")
        services = compose.load_services(
            settings, compose.load_geography(settings), compose.load_destinations(settings, self.plugins)
        )
        try:
            self._prepare_database(services)
            self.ingest_runtime = self._ingest_runtime(services) if self.roles & {"web", "worker"} else None
        except SettingsError:
            services.close()
            raise
        self.writer = self._writer(services)
        self.services = ProcessServices(services, self.writer)
        roster_watch = RosterWatch(self.services, self.metrics, settings.core.alarm_to)
        self.background: dict[str, Callable[[], Awaitable[None]]] = {"roster": roster_watch.run}
        """Further endless tasks, by name; add to it before the host runs."""
        self.pages = [*self._web_pages(), *self._desk_pages()]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work while the block runs; at its end, finish what is under way and stop."""
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
            if self.ingest_runtime:
                await self.ingest_runtime.stop()
            self.services.close()

    async def _work(self, started: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self.ingest_runtime:
                await self.ingest_runtime.start(tasks, embedded=self.embedded)
            for name, work in self.background.items():
                tasks.create_task(keep_running(name, work))
            started.set()
            await asyncio.Event().wait()

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite, which only one process of web and worker roles may use."""
        return self.services.main.dialect.name == "sqlite"

    def emit(self, event: LifecycleEvent) -> None:
        """Pass an event to the plugins; their failures are counted and go no further."""
        if self._has_event_hook:
            self.plugins.event(event, self._failed)

    def _failed(self, plugin: str) -> None:
        self.metrics.listeners.labels(plugin).inc()
        log.error("plugin failed in satark_event", plugin=plugin)

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
        return Writer(services.main, services.keys, batch=self.settings.core.batch)

    def _web_pages(self) -> list[Page]:
        if "web" not in self.roles or self.ingest_runtime is None:
            return []
        ingest, drafts = self.ingest_runtime.ingest, self.ingest_runtime.drafts
        context = WebContext(self.services, self.writer, ingest=ingest, drafts=drafts)
        return self.plugins.web_pages(self.settings, context)

    def _desk_pages(self) -> list[Page]:
        if "desk" not in self.roles:
            return []
        transcribers = self.plugins.transcribers(self.settings)
        context = DeskContext(self.services, self.writer, transcribers=transcribers)
        return self.plugins.desk_pages(self.settings, context)

    def _prepare_database(self, services: Services) -> None:
        migrations = compose.migrations(services, self.plugins)
        if not migrations.current():
            migrations.upgrade()
        elif migrations.pending():
            message = "was made by another version: run `satark db upgrade`"
            raise SettingsError([SettingProblem("database_url", "SATARK_DATABASE_URL", message)])
        compose.check_canaries(None, services)
