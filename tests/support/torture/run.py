"""One run: worker and desk processes on PostgreSQL are killed one after another while destinations fail."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from sqlalchemy import select, update

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.plugins.loader import Plugins
from satark.routing.desks import add_desk, close_roster
from satark.services import Services
from satark.store import deliveries, tables
from satark_testing.processes.service import Service
from support.peers.postgres import empty_database, postgres_server
from support.processes.forked import ForkedService
from support.store import fresh_services
from support.torture.results import Result, evaluate
from support.torture.targets import Target

REVISED_SHARE = 4
"""One tip in so many gets a further revision after the first attempt."""
DESK_EVERY = 5
"""The desk process is killed once per so many kills."""
Kind: TypeAlias = Callable[..., Target]
"""Makes a kind of destination: `(seed, *, faulty, folder)`."""
PROGRAM = str(Path(sys.executable).with_name("satark"))


class Torture:
    """The processes of one run, and their kills."""

    def __init__(self, services: Services, targets: Sequence[Target], seed: int) -> None:
        self._services = services
        self._targets = targets
        self._chance = random.Random(seed)
        self._running: list[tuple[Service, asyncio.Task[None]]] = []

    async def run(self, workers: Sequence[Service], desk: Service, *, kills: int, limit: float) -> Mapping[str, Result]:
        """Run and kill the processes, stop the faults, wait for the remaining deliveries and evaluate.

        Raises:
            TimeoutError: the run is not finished within `limit` seconds.
        """
        ends, killed, revised = time.monotonic() + limit, 0, 0
        try:
            for process in (*workers, desk):
                self._start(process)
            while not await asyncio.to_thread(self._is_done, faults_stopped=killed >= kills):
                if time.monotonic() > ends:
                    raise TimeoutError
                await asyncio.sleep(self._chance.uniform(0.5, 2.5))
                if killed >= kills:
                    await self._stop_faults()
                    continue
                await self._kill(desk if killed % DESK_EVERY == DESK_EVERY - 1 else None)
                killed += 1
                revised = await asyncio.to_thread(self._revise, revised)
                show(f"{killed} of {kills} killed, {await asyncio.to_thread(self._left)} deliveries left")
        finally:
            for process, starting in self._running:
                starting.cancel()
                await process.kill()
        return {one.plugin: await asyncio.to_thread(evaluate, self._services, one) for one in self._targets}

    def _start(self, process: Service) -> None:
        self._running.append((process, asyncio.create_task(process.start())))

    async def _kill(self, desk: Service | None) -> None:
        """Kill the process that has run longest, so that each one works for a while."""
        mine = (n for n, (process, _) in enumerate(self._running) if desk is None or process is desk)
        process, starting = self._running.pop(next(mine))
        await starting
        await process.kill()
        self._start(process)
        for target in self._targets:
            await target.interrupt()

    async def _stop_faults(self) -> None:
        for target in self._targets:
            target.stop_faults()
        await asyncio.to_thread(self._services.write_now, _hurry)
        show(f"faults_stopped, {await asyncio.to_thread(self._left)} deliveries left")

    def _revise(self, since: int) -> int:
        """Add revisions to some tips and retry dead letters, as an operator does."""
        query = select(tables.tip.c.id).order_by(tables.tip.c.id).offset(since).limit(20)
        names = list(self._services.read(lambda c: c.execute(query).scalars()))
        tried = select(tables.delivery.c.tip).where(tables.delivery.c.attempts > 0).limit(20)
        names += list(self._services.read(lambda c: c.execute(tried).scalars()))
        for name in names[::REVISED_SHARE]:
            self._services.write_now(lambda unit, name=name: deliveries.add_revision(unit, name))  # type: ignore[misc]
        self._services.write_now(deliveries.retry)
        return since + 20

    def _is_done(self, *, faults_stopped: bool) -> bool:
        return faults_stopped and not self._left() and all(target.is_idle for target in self._targets)

    def _left(self) -> int:
        return sum(self._services.read(deliveries.counts).values())


def show(line: str) -> None:
    """Show the progress on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")


def _hurry(unit: Any) -> None:
    """Make every delivery and circuit breaker due now, since other tests cover long backoffs."""
    row = tables.delivery.c
    late = (row.state == "due", row.due_at > unit.now + deliveries.LEASE + 1)
    unit.main.execute(update(tables.delivery).where(*late).values(due_at=unit.now))
    unit.main.execute(update(tables.open_breaker).values(half_open_at=unit.now))
    deliveries.retry(unit)


async def torture(
    kinds: Sequence[Kind], *, tips: int, kills: int, workers: int, faulty: float, seed: int, limit: float
) -> Mapping[str, Result]:
    """Set everything up, run, and clean up. The kinds of destination share the tips.

    Raises:
        TimeoutError: the run is not finished within `limit` seconds.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="satark-torture-")))
        urls = _databases(stack)
        targets = [kind(seed, faulty=faulty, folder=folder) for kind in kinds]
        plugins = [target.plugin for target in targets]
        branches = Plugins.load(plugins).migrations()
        services = fresh_services(folder / "data", branches, database_url=urls[0], keys_url=urls[1])
        stack.callback(services.close)
        office = Desk(name="sp", title="SP", level="district", area="varanasi", recipient=new_identity()[0])
        services.write_now(lambda unit: add_desk(unit, office))
        environment = {
            "SATARK_PLUGINS": json.dumps(plugins),
            "SATARK_DATABASE_URL": urls[0],
            "SATARK_KEYS_URL": urls[1],
        }
        desk, *others = (
            ForkedService(folder / "data", environment, (PROGRAM, "serve", "--role", role))
            for role in ("desk", *["worker"] * workers)
        )
        for target in targets:
            await stack.enter_async_context(target.running(services, desk.url))
            await asyncio.to_thread(target.seed_tip, services, tips // len(targets))
        rules = [rule for target in targets for rule in target.destination_rules]
        services.write_now(lambda unit: close_roster(unit, rules))  # as the first tip does
        for process in (desk, *others):
            process.environment.update(_all_settings(targets))
        return await Torture(services, targets, seed).run(others, desk, kills=kills, limit=limit)


def _databases(stack: AsyncExitStack) -> tuple[str, str]:
    server = stack.enter_context(postgres_server())
    return stack.enter_context(empty_database(server)), stack.enter_context(empty_database(server))


def _all_settings(targets: Sequence[Target]) -> dict[str, str]:
    """Return the settings of all targets."""
    destination_rules = [
        one.model_dump(mode="json", exclude_defaults=True) for target in targets for one in target.destination_rules
    ]
    settings = {"SATARK_DESTINATION": json.dumps(destination_rules)}
    for target in targets:
        settings |= target.settings
    return settings
