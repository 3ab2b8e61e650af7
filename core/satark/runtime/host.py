"""One running process: the roles it has, and everything that works in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

from satark.backoff import keep_running
from satark.observability import LifecycleEvent, log
from satark.runtime import compose
from satark.runtime.ingest_runtime import IngestRuntime
from satark.settings import Role, SettingProblem, Settings, SettingsError
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics

ROLES: tuple[Role, ...] = ("web", "worker", "desk")


class Host:
    """A process put together from its settings; `running` starts it."""

    def __init__(self, settings: Settings, roles: Collection[Role] = ROLES) -> None:
        """Put the process together, and bring an empty database into shape.

        Raises:
            SettingsError: something is wrong with the configuration or the databases.
            PluginError: a plugin can't be used.
        """
        self.settings = settings
        self.roles = frozenset(roles)
        self.metrics = Metrics()
        self.plugins = compose.load_plugins(settings)
        self._heard = self.plugins.implements("satark_event")
        self.services = compose.load_services(
            settings, compose.load_geography(settings), compose.load_destinations(settings, self.plugins)
        )
        self._prepare_database()
        self.tipside = self._tipside() if self.roles & {"web", "worker"} else None
        main, keys = self.services.main, self.services.keys
        self.writer = self.tipside.writer if self.tipside else Writer(main, keys, batch=settings.core.batch)
        self.services.writer = self.writer
        self.services.reception = self.tipside.reception if self.tipside else None
        self.services.drafts = self.tipside.drafts if self.tipside else None
        self.beside: dict[str, Callable[[], Awaitable[None]]] = {}
        """Further endless work, by name; add to it before the host runs."""
        if "desk" in self.roles:
            self.services.transcribers = self.plugins.transcribers(settings)
        self.pages = [page for page in self.plugins.pages(settings, self.services) if page.role in self.roles]

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
            if self.tipside:
                await self.tipside.stop()
            self.services.close()

    async def _work(self, started: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self.tipside:
                await self.tipside.start(tasks, embedded=self.embedded)
            for name, work in self.beside.items():
                tasks.create_task(keep_running(name, work))
            started.set()
            await asyncio.Event().wait()

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite, which only one process of web and worker roles may use."""
        return self.services.main.dialect.name == "sqlite"

    def happened(self, event: LifecycleEvent) -> None:
        """Tell the plugins what happened; their failures are counted and go no further."""
        if self._heard:
            self.plugins.event(event, self._failed)

    def _failed(self, plugin: str) -> None:
        self.metrics.listeners.labels(plugin).inc()
        log.error("plugin failed in satark_event", plugin=plugin)

    def _tipside(self) -> IngestRuntime:
        return IngestRuntime(
            settings=self.settings,
            roles=self.roles,
            plugins=self.plugins,
            services=self.services,
            metrics=self.metrics,
            happened=self.happened,
        )

    def _prepare_database(self) -> None:
        migrations = compose.migrations(self.services, self.plugins)
        if not migrations.current():
            migrations.upgrade()
        elif migrations.pending():
            message = "was made by another version: run `satark db upgrade`"
            raise SettingsError([SettingProblem("database_url", "SATARK_DATABASE_URL", message)])
