"""The way in for doors and pages: what comes is taken now, or, for an inline medium while the database is down, kept.

What waits is let in when the database answers again, one batch after the other, so that each sender's order holds.
Until nothing waits any more, whatever comes by an inline medium goes behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from satark.channel import Outcome
from satark.dialogue.rendering.fit import fit
from satark.identity.edge_key import BrokenSeal
from satark.ingest.intake import IngestFailed
from satark.ingest.spool import SpoolFull
from satark.observability import log
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from satark.channel import Batch, Channel
    from satark.dialogue.engine import Engine
    from satark.ingest.event import TurnResult
    from satark.ingest.spool import Spool
    from satark.telemetry.metrics import Metrics

LOOK_EVERY = 1.0
"""Seconds between two looks for what waits, and between two attempts to let in what fails."""
ATTEMPTS = 3
"""Attempts to let a batch in that fails for another reason than the database, before it is set aside."""


class Take(Protocol):
    """Takes a batch: `IngestRuntime.take`."""

    async def __call__(self, channel: Channel, batch: Batch, *, late: bool = False) -> Sequence[TurnResult]:
        """Take it; see there."""


class Reception:
    """One process's way in."""

    def __init__(
        self, *, take: Take, channels: Sequence[Channel], spool: Spool, engine: Engine, metrics: Metrics
    ) -> None:
        self._take = take
        self._channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._spool = spool
        self._engine = engine
        self._metrics = metrics
        self._failed: dict[str, int] = {}
        """How often each of those that wait has failed in this process."""
        metrics.waiting.labels("spool").set_function(lambda: spool.depth)
        metrics.waiting.labels("spool_aside").set_function(lambda: spool.aside)

    @property
    def kept(self) -> str:
        """What an operator must know of what waits; nothing where nothing does."""
        return describe(self._spool.depth, self._spool.aside)

    async def receive(self, channel: Channel, batch: Batch) -> Outcome:
        """Take a batch, or keep it for later where the medium is an inline one and the database is down.

        It is durable when this returns, or `Outcome.state` is `refused`.

        Raises:
            StoreDown, NotTaken: nothing of the batch may be acknowledged; the provider must bring it again.
        """
        keeps = channel.capabilities.inline and bool(batch.inbound or batch.chores)
        if keeps and self._spool.depth:
            return await self._keep(channel, batch)
        try:
            taken = await self._take(channel, batch)
        except (StoreDown, IngestFailed):
            if not keeps:
                raise
            return await self._keep(channel, batch)
        return Outcome(prompts=[prompt for one in taken for prompt in one.prompts])

    async def _keep(self, channel: Channel, batch: Batch) -> Outcome:
        try:
            await asyncio.to_thread(self._spool.keep, channel.name, batch)
        except (SpoolFull, OSError) as error:
            log.error("not kept", channel=channel.name, error=type(error).__name__)
            self._metrics.kept.labels(channel.name, "refused").inc()
            if not batch.inbound:  # nobody waits for an answer, and the provider may come again
                raise IngestFailed from None
            return Outcome(state="refused", prompts=[fit(self._engine.refused(), channel.capabilities)])
        self._metrics.kept.labels(channel.name, "kept").inc()
        prompts = [fit(self._engine.kept(), channel.capabilities)] if batch.inbound else []
        return Outcome(state="kept", prompts=prompts)

    async def start(self) -> None:
        """Give what an earlier life set aside another chance."""
        await asyncio.to_thread(self._spool.restore)

    async def run(self) -> None:
        """Let in what waits, until cancelled."""
        while True:
            if self._spool.depth:
                with self._spool.held() as ours:
                    if ours:
                        await self._let_in()
            await asyncio.sleep(LOOK_EVERY)

    async def _let_in(self) -> None:
        """Let in everything that waits, the oldest first, until the database is down again or one of them fails."""
        while names := self._spool.names():
            for name in names:
                if not await self._one(name):
                    return

    async def _one(self, name: str) -> bool:
        try:
            channel, batch = self._spool.open(name)
            await self._take(self._channels[channel], batch, late=True)
        except StoreDown:
            return False
        except (BrokenSeal, KeyError) as error:
            self._set_aside(name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must not wait for ever
            self._failed[name] = self._failed.get(name, 0) + 1
            if self._failed[name] < ATTEMPTS:
                return False
            self._set_aside(name, error)
        else:
            self._spool.done(name)
            self._failed.pop(name, None)
            self._metrics.let_in.labels("taken").inc()
        return True

    def _set_aside(self, name: str, error: Exception) -> None:
        log.error("kept batch set aside", channel=name.rpartition(".")[2], error=type(error).__name__)
        self._spool.set_aside(name)
        self._failed.pop(name, None)
        self._metrics.let_in.labels("set_aside").inc()


def describe(depth: int, aside: int) -> str:
    """Say in words what waits in a spool and what was set aside; nothing where there is neither."""
    parts = [f"{depth} waiting in the spool"] if depth else []
    return ", ".join([*parts, f"{aside} set aside"] if aside else parts)
