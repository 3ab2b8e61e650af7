"""The one door: `receive` takes a webhook's events, and returns only when they are durably taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark.dialogue.reading.codes import find_code, find_passage
from satark.ingest.event import InboundEvent, NeedsHandoffCode, NeedsReceipt, TurnResult
from satark.observability import LifecycleEvent, log
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from satark.channel import Batch, Channel, Inbound
    from satark.identity.edge_key import Identity
    from satark.identity.receipts import CodeStock
    from satark.ingest.handoff_codes import HandoffCodes
    from satark.store.writer import Writer
    from satark.telemetry.metrics import Metrics

GUESS_WAIT = 5.0
"""Most seconds that a code look-up waits while too many wrong codes are coming in."""


class IngestFailed(Exception):  # noqa: N818 - it reads as what it says
    """At least one event could not be taken: the webhook is answered 503, so that the provider sends it again."""


class GuessBudget:
    """A limit on wrong receipt codes of everybody together. Never by sender or address: neither is kept."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._at = time.monotonic()

    def wrong(self) -> None:
        """Count a wrong code."""
        self._refill()
        self._left -= 1

    def delay(self) -> float:
        """Give the seconds that the next look-up has to wait: 0 while the budget lasts."""
        self._refill()
        return min(GUESS_WAIT, -self._left / self._per_second) if self._left < 0 else 0.0

    def _refill(self) -> None:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now


class Intake:
    """Takes what channels parsed. Its work is waiting: the turns themselves run in the writer's thread."""

    def __init__(
        self,
        *,
        identity: Identity,
        writer: Writer,
        mint: CodeStock,
        passages: HandoffCodes,
        metrics: Metrics,
        guesses: GuessBudget,
        committed: Callable[[Inbound, bytes, TurnResult], None],
        happened: Callable[[LifecycleEvent], None],
    ) -> None:
        self._identity = identity
        self._writer = writer
        self._mint = mint
        self._passages = passages
        self._metrics = metrics
        self._guesses = guesses
        self._committed = committed
        self._happened = happened

    async def receive(self, channel: Channel, batch: Batch, *, late: bool = False) -> Sequence[TurnResult]:
        """Take every event of a batch, each exactly once, and give what became of them after the commit.

        `late`: the request was answered before, so that nothing can be said in its response any more.

        Raises:
            StoreDown: the database can't be written; nothing of the batch may be acknowledged.
            NotTaken: one of the events failed; the others are taken, and are recognised when they come again.
        """
        self._metrics.ignored.labels(channel.name).inc(batch.ignored)
        if len(batch.inbound) == 1:
            return [await self._one(channel, batch.inbound[0], late=late)]
        results = await asyncio.gather(
            *(self._one(channel, inbound, late=late) for inbound in batch.inbound), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, TurnResult)]

    async def _one(self, channel: Channel, inbound: Inbound, *, late: bool) -> TurnResult:
        started = time.perf_counter()
        arrival = InboundEvent(channel, inbound, self._identity, late=late)
        code = find_code(arrival.text) or find_passage(arrival.text)
        if code:
            await asyncio.sleep(self._guesses.delay())
            arrival.code = await self._mint.key(code)
        taken = await self._turn(arrival)
        self._metrics.commit.observe(time.perf_counter() - started)
        self._count(channel.name, taken)
        self._committed(inbound, arrival.pseudonyms[0], taken)
        return taken

    async def _turn(self, arrival: InboundEvent) -> TurnResult:
        while True:
            try:
                taken: TurnResult = await self._writer.take(arrival)
            except NeedsHandoffCode:
                arrival.passage = await self._passages.mint.mint()
            except NeedsReceipt:
                arrival.receipt = await self._mint.mint()
            except StoreDown:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was: not acknowledged, counted, tried again
                self._metrics.failures.labels(arrival.channel.name).inc()
                log.error("turn failed", channel=arrival.channel.name, error=type(error).__name__)
                raise IngestFailed from None
            else:
                return taken

    def _count(self, channel: str, taken: TurnResult) -> None:
        if taken.duplicate:
            self._metrics.duplicates.labels(channel).inc()
            return
        self._metrics.turns.labels(channel).inc()
        self._happened(LifecycleEvent("turn", channel))
        if taken.wrong_code:
            self._guesses.wrong()
        if taken.submitted:
            self._metrics.tips.labels(channel).inc()
            self._happened(LifecycleEvent("tip", channel))
