"""Runs a sink's `listen`, again and again as after restarts, while its destination works or fails."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from satark.api.sink import Delivery, ListeningSink, Sink
from satark_testing.contracts.deliveries import Deliveries
from satark_testing.contracts.provider_peer import Fault, PeerServer, Script
from satark_testing.contracts.rules import BrokenRule, raised, require
from satark_testing.contracts.sample_context import SampleStore
from satark_testing.contracts.sample_tips import SampleTips
from satark_testing.contracts.sink_case import SinkCase
from satark_testing.contracts.sink_webhook import Postbox

ROUNDS: Final = 8
ROUND_SECONDS: Final = 1.0
"""Seconds for which the sink listens before it is restarted, unless it sleeps for longer: then it has done its work."""
_ROUND_TURNS: Final = 200
"""Turns of the event loop that a round has at least: on a busy machine it lasts longer."""
_TURN_SECONDS: Final = 0.005
_SETTLING_SECONDS: Final = 0.05
_STILL_SECONDS: Final = 0.25
_CANCELLED_SECONDS: Final = 5
MOST_STEPS: Final = 5
"""Most requests of which each alone fails."""


class Listening:
    """A sink that listens."""

    def __init__(
        self,
        tips: Deliveries,
        case: SinkCase,
        server: PeerServer | None,
        made: Sequence[SampleTips],
        store: SampleStore,
    ) -> None:
        self._tips, self._case, self._server, self._made, self._store = tips, case, server, made, store
        self._sink: Sink = tips.sink
        self._failed = ""
        """How `listen` ended last."""
        self._box: Postbox | None = None

    async def close(self) -> None:
        """Close the last sink that was made."""
        if self._sink is not self._tips.sink:
            await self._sink.close()

    def _still(self) -> Callable[[], bool]:
        """Return a function that tells whether the destination was asked, and has sent nothing for a moment."""
        loop, seen, at = asyncio.get_running_loop(), (-1, -1), 0.0

        def is_still() -> bool:
            nonlocal seen, at
            if self._server is None:
                return False
            now = len(self._server.received), self._server.written
            if now != seen:
                seen, at = now, loop.time()
            return now[0] > 0 and loop.time() > at + _STILL_SECONDS

        return is_still

    async def _delivered(self, made: SampleTips, digits: str) -> Delivery:
        delivery = await self._sample(made, digits)
        await self._tips.done("S02", delivery, "a tip that is answered or erased")
        return delivery

    async def _sample(self, made: SampleTips, digits: str) -> Delivery:
        return await self._tips.delivery(made, tip=(digits * 16)[:32])

    async def _until(self, is_so: Callable[[], bool], rounds: int = ROUNDS) -> bool:
        for turn in range(rounds):
            if turn:
                await self._restart()
            if await self._listen(is_so, ROUND_SECONDS):
                return True
        return is_so()

    async def _restart(self) -> None:
        """Make the sink anew, as a restart of the host does."""
        await self.close()
        if self._case.peer is not None and self._server is not None:
            self._sink = self._case.peer.sink(self._server.url)
        elif self._case.restarted is not None:
            self._sink = self._case.restarted()
        await self._sink.open()
        if self._box is not None:
            self._box.restart()

    async def _listen(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Listen until it is so, until the sink sleeps, or for some seconds; return whether it is so."""
        if self._box is not None:
            await self._box.deliver()
        if self._box is not None or not isinstance(self._sink, ListeningSink):
            return is_so()
        task = asyncio.ensure_future(self._sink.listen())
        loop, turns = asyncio.get_running_loop(), 0
        end = loop.time() + seconds
        while not (is_so() or task.done() or _sleeps(task)) and (turns < _ROUND_TURNS or loop.time() < end):
            turns += 1
            await asyncio.sleep(_TURN_SECONDS)
        if not _sleeps(task):
            await asyncio.sleep(_SETTLING_SECONDS)
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCELLED_SECONDS)
        require(task.done(), "S51", "`listen`, cancelled", "it still runs")
        failed = None if task.cancelled() else task.exception()
        if isinstance(failed, BrokenRule):
            raise failed
        self._failed = f"; `listen` failed: {raised(failed)}" if failed else ""
        return is_so()


def _sleeps(task: "asyncio.Task[Any]") -> bool:
    """Return whether a task sleeps for longer than a round lasts."""
    loop: Any = asyncio.get_running_loop()
    waited, long = getattr(task, "_fut_waiter", None), loop.time() + ROUND_SECONDS
    timers = [timer for timer in getattr(loop, "_scheduled", ()) if timer.when() > long and not timer.cancelled()]
    return waited is not None and any(one is waited for timer in timers for one in timer._args)  # noqa: SLF001


def named(script: Script) -> str:
    """Name what a destination does."""
    return script.value if isinstance(script, Fault) else f"an answer with {getattr(script, 'status', 0)}"
