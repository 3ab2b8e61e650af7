"""The retention job: every hour it erases tips whose terms are over, and erased tips that a restore brought back."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.retention import erasure, schedule
from satark.retention.erasure import ErasedList
from satark.retention.schedule import ScheduledTip
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import tip_changes
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown, Writer

T = TypeVar("T")

EVERY = 3600.0
"""Seconds between two runs."""


class Write(Protocol):
    """Runs a write in a transaction, and waits for it."""

    def __call__(self, write: Callable[[UnitOfWork], T], /) -> T:
        """Run the write; return its result once it is committed."""


class Retention:
    """Finds and erases the tips that are due on this installation. Needs the edge key. Every method blocks."""

    def __init__(self, settings: Settings, services: Services, edge: Identity, plugins: Plugins) -> None:
        self.settings = settings.core.retention
        self._services = services
        self._edge = edge
        erased = ErasedList(settings.erased_list_file, edge, services.keys)
        self.eraser = erasure.Eraser(edge, erased, services.evidence, plugins.erased)

    def prepare(self, write: Write) -> None:
        """Make the retention key, and erase again the erased tips that a restored backup or a crash brought back."""
        tags = write(self._ensure)
        returned = self._services.read_keys(
            lambda keys: self._services.read(lambda main: self.eraser.returned(main, keys, tags))
        )
        names = write(lambda unit: self.eraser.erase_again(unit, returned)) if returned else []
        self.eraser.remove_files([*names, *self.eraser.abandoned_files(tags)])

    def _ensure(self, unit: UnitOfWork) -> frozenset[bytes]:
        schedule.ensure_key(unit, self._edge)
        return self.eraser.complete_list(unit)

    def scheduled(self, today: int) -> list[ScheduledTip]:
        """Return every tip with the present end of its term."""
        return self._scheduled(today, list)

    def due(self, today: int) -> list[ScheduledTip]:
        """Return the tips to erase today. All other tips, perhaps a million, are read one at a time."""
        return self._scheduled(
            today, lambda tips: [one for one in tips if schedule.is_due(one.term, today, self.settings)]
        )

    def _scheduled(
        self, today: int, choose: Callable[[Iterable[ScheduledTip]], list[ScheduledTip]]
    ) -> list[ScheduledTip]:
        def look(main: Connection, keys: Connection) -> list[ScheduledTip]:
            return choose(schedule.scheduled_tips(main, keys, self._edge, self.settings, today))

        return self._services.read_keys(lambda keys: self._services.read(lambda main: look(main, keys)))

    def erase(self, unit: UnitOfWork, tip: ScheduledTip) -> list[str]:
        return self.eraser.erase(unit, tip.tip, "officers" if tip.term.ordered else "term")

    def purge(self, unit: UnitOfWork) -> None:
        """Delete the receipts of tips that were erased long ago, and changes that no desk still reads."""
        erasure.purge_receipts(unit, self.settings.receipt_days)
        tip_changes.prune(unit)


class RetentionJob:
    """Runs the retention of one process; several processes may run it at once."""

    def __init__(self, retention: Retention, writer: Writer) -> None:
        self._retention = retention
        self._writer = writer

    async def prepare(self) -> None:
        """Erase again the erased tips that a restored backup brought back, before anybody can open them."""
        loop = asyncio.get_running_loop()

        def write(work: Callable[[UnitOfWork], T]) -> T:
            return asyncio.run_coroutine_threadsafe(self._writer.write(work), loop).result()

        await run_in_thread(self._retention.prepare, write)

    async def run(self) -> None:
        """Erase due tips every hour until cancelled."""
        while True:
            with suppress(StoreDown):
                await self.run_once()
            await asyncio.sleep(EVERY)

    async def run_once(self) -> int:
        """Erase the tips that are due now; return how many."""
        await self.prepare()
        day = await self._writer.write(lambda unit: unit.day)
        due = await run_in_thread(self._retention.due, day)
        for tip in due:
            names = await self._writer.write(partial(self._retention.erase, tip=tip))
            await run_in_thread(self._retention.eraser.remove_files, names)
        await self._writer.write(self._retention.purge)
        if due:
            log.info("tips erased, their terms are over", count=len(due))
        return len(due)
