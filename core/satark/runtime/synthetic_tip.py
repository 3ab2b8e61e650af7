"""The probe: sends a synthetic tip through the whole path to a desk of its own, and erases it.

The synthetic tip takes the path of a citizen's tip: ingest, one transaction, sealing, routing, delivery by the worker.
No provider takes part. The tip's text has a random mark that only this process knows. The mark routes the tip to the
desk `probe` alone, so that no citizen's words can be taken for a probe.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Final, Self

import msgspec
from sqlalchemy import select

from satark.api import hookimpl
from satark.api.background import run_in_thread
from satark.api.channel import PageChannel
from satark.api.inbound import Address, Batch, CompleteTip, Inbound, Text
from satark.api.observability import LifecycleEvent
from satark.api.prompt import Capabilities
from satark.api.routing import DESK_SINK, HERE, Desk, Destination, RouteAdvice
from satark.api.tip import Tip
from satark.plugins.loader import Plugins
from satark.roster.entries import PROBE_DESK
from satark.runtime import compose
from satark.runtime.ingest_runtime import IngestRuntime
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark.telemetry.metrics import Metrics

LOOK_EVERY: Final = 0.2
"""Seconds between two checks whether the worker has delivered the tip."""
_ROLES: Final[tuple[Role, ...]] = ("web",)
_ACCOUNT: Final = "probe:1"
_WORDS: Final = "This is a test of the service by its operator, mark"


class ProbeFailed(Exception):  # noqa: N818 - it reads as what it says
    """The synthetic tip did not arrive; the message says where it was lost, and what to do."""


class Probed(msgspec.Struct, frozen=True):
    """Seconds until a synthetic tip was acknowledged, and until a worker delivered it; the tip's number."""

    acknowledged: float
    delivered: float
    number: str


class ProbePlugin(PageChannel):
    """A channel without a provider, with the routing of its one tip."""

    name = "probe"
    accounts = (_ACCOUNT,)
    capabilities = Capabilities(kind="web", text=20_000, body=20_000, inline=True, reachable=False)

    def __init__(self) -> None:
        self._mark = token_hex(16)
        self.number = ""
        """The tip's number, once the tip is routed."""

    def batch(self) -> Batch:
        key = token_hex(16)
        event = CompleteTip(Text(f"{_WORDS} {self._mark}"), last=True)
        return Batch(inbound=[Inbound(account=_ACCOUNT, event_key=key, senders=(Address(key),), event=event)])

    @hookimpl
    def satark_channels(self) -> Sequence[Self]:
        return [self]

    @hookimpl
    def satark_route(self, tip: Tip, desks: Sequence[Desk]) -> RouteAdvice | None:
        if not any(self._mark in str(answer) for answer in tip.answers.values()):
            return None
        self.number = tip.number
        others = tuple(desk.name for desk in desks if desk.name != PROBE_DESK)
        return RouteAdvice(add=(Destination.of(DESK_SINK, PROBE_DESK),), exclude=others)


async def send_synthetic_tip(settings: Settings, plugins: Plugins, services: Services, seconds: float) -> Probed:
    """Send a synthetic tip as `synthetic_tip` does, and erase it at once."""
    async with synthetic_tip(settings, plugins, services, seconds) as probed:
        return probed


@asynccontextmanager
async def synthetic_tip(
    settings: Settings, plugins: Plugins, services: Services, seconds: float
) -> AsyncIterator[Probed]:
    """Send a synthetic tip, wait until a running worker has delivered it, and check who may read it.

    After the block the tip is erased. `plugins`: the probe's own plugin is added. `seconds`: most time for the worker.

    Raises:
        ProbeFailed: the tip was lost on the way. Its remains are erased nevertheless.
        SettingsError: this machine's keys or settings are wrong.
        StoreDown: the database can't be written.
    """
    if PROBE_DESK not in {desk.name for desk in services.desks()}:
        raise ProbeFailed(f"there is no desk for it, run: satark desk add {PROBE_DESK} --level outpost")
    own = ProbePlugin()
    plugins.register(own, own.name, trusted=True)
    runtime = IngestRuntime(
        settings=settings,
        roles=_ROLES,
        plugins=plugins,
        services=services,
        metrics=Metrics(),
        emit=_ignore,
        synthetic=True,
    )
    compose.check_canaries(runtime.identity, services)
    await run_in_thread(compose.join_epochs, runtime.epochs, services)
    runtime.writer.start()
    try:
        yield await _run(runtime, own, services, seconds)
    finally:
        if own.number:
            eraser = Retention(settings, services, runtime.identity, plugins).eraser
            tip = await run_in_thread(_tip_id, services, own.number)
            names = await runtime.writer.write(lambda unit: eraser.erase(unit, tip, "term")) if tip else []
            await run_in_thread(eraser.remove_files, names)
        await runtime.writer.stop()


async def _run(runtime: IngestRuntime, own: ProbePlugin, services: Services, seconds: float) -> Probed:
    began = time.monotonic()
    await runtime.store_flow()
    (result,) = await runtime.ingest.ingest(own, own.batch())
    if not result.submitted:
        raise ProbeFailed("the questionnaire did not take it as a tip: probe with the questionnaire that Satark brings")
    acknowledged = time.monotonic() - began
    tip = await run_in_thread(_tip_id, services, own.number)
    readers = await run_in_thread(_readers, services, tip)
    if readers != [PROBE_DESK]:
        raise ProbeFailed(f"it was sealed to {', '.join(readers) or 'no desk'}, not to {PROBE_DESK} alone: report this")
    while not await run_in_thread(_is_delivered, services, tip):
        if time.monotonic() - began > seconds:
            raise ProbeFailed(
                f"it was taken and sealed, but no worker delivered it within {seconds:.0f} seconds: does a process "
                "with the role worker run, with the plugin `desk`? (docs/runbook.md#something-waits)"
            )
        await asyncio.sleep(LOOK_EVERY)
    return Probed(acknowledged, time.monotonic() - began, own.number)


def _ignore(_event: LifecycleEvent) -> None:
    """Do nothing with an event: plugins must not learn of a probe, since it is no tip."""


def _tip_id(services: Services, number: str) -> str:
    query = select(tables.tip.c.id).where(tables.tip.c.number == number)
    return services.read(lambda connection: connection.execute(query).scalar()) or ""


def _readers(services: Services, tip: str) -> list[str]:
    names = [desk.name for desk in services.desks()]
    return services.read_keys(lambda connection: envelopes.holders_of(connection, tip, names))


def _is_delivered(services: Services, tip: str) -> bool:
    query = select(tables.delivery.c.state).where(tables.delivery.c.tip == tip, tables.delivery.c.destination == HERE)
    return services.read(lambda connection: connection.execute(query).scalar()) == "done"
