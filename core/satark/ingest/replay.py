"""Spool replay: ingests spooled batches once the database answers again, one after the other.

Each sender's events stay in order: until the spool is empty, new batches that no provider resends are spooled too.
"""

import asyncio
from collections.abc import Mapping, Sequence

from satark.api.channel import Channel
from satark.api.observability import log
from satark.identity.edge_key import BrokenSeal
from satark.ingest.ingest import Ingest
from satark.ingest.spool import Spool
from satark.store.writer import StoreDown
from satark.telemetry.metrics import Metrics

LOOK_EVERY = 1.0
"""Seconds between two looks into the spool, and between two attempts at a batch that fails."""
ATTEMPTS = 3
"""Attempts at a batch that fails although the database is up; after that it is quarantined."""


class SpoolReplay:
    """Replays this machine's spool, in one process at a time."""

    def __init__(self, *, ingest: Ingest, channels: Sequence[Channel], spool: Spool, metrics: Metrics) -> None:
        self._ingest = ingest
        self._channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._spool = spool
        self._metrics = metrics
        self._failures: dict[str, int] = {}
        """Name of a batch's file → how often the batch has failed in this process."""
        metrics.waiting.labels("spool").set_function(lambda: spool.shown_depth)
        metrics.waiting.labels("spool_quarantined").set_function(lambda: spool.quarantined)

    async def start(self) -> None:
        """Move the batches that an earlier process quarantined back into the spool."""
        await asyncio.to_thread(self._spool.restore)

    async def run(self) -> None:
        """Replay waiting batches until cancelled."""
        while True:
            if self._spool.depth or self._spool.has_ended_epochs:
                with self._spool.held() as ours:
                    if ours:
                        await asyncio.to_thread(self._spool.end_epochs)
                        await self._replay()
            await asyncio.sleep(LOOK_EVERY)

    async def _replay(self) -> None:
        """Replay all waiting batches, the oldest first, until the database is down again or a batch fails."""
        while names := self._spool.names():
            for name in names:
                if not await self._one(name):
                    return

    async def _one(self, name: str) -> bool:
        try:
            channel, batch = self._spool.open(name)
            await self._ingest.ingest(self._channels[channel], batch, late=True)
        except (StoreDown, OSError):  # the database's fault or this machine's, and never the batch's
            return False
        except (BrokenSeal, KeyError) as error:
            self._quarantine(name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must not wait for ever
            self._failures[name] = self._failures.get(name, 0) + 1
            if self._failures[name] < ATTEMPTS:
                return False
            self._quarantine(name, error)
        else:
            self._spool.done(name)
            self._failures.pop(name, None)
            self._metrics.replayed.count("ingested")
        return True

    def _quarantine(self, name: str, error: Exception) -> None:
        channel = name.rpartition(".")[2]
        log.error("spooled batch quarantined until the next start", channel=channel, error=type(error).__name__)
        self._spool.quarantine(name)
        self._failures.pop(name, None)
        self._metrics.replayed.count("quarantined")
