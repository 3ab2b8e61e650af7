"""Checks how a channel listens: that it ends when it is cancelled, and that it tries again (C56, C93)."""

import asyncio
import time
from functools import partial
from typing import Final, Self

from satark.api.background import keep_running
from satark.api.channel import Channel, ListeningChannel, Outcome
from satark.api.inbound import Batch
from satark_testing.contracts.provider_peer import Fault, Peer, PeerServer, Script, advance_clock
from satark_testing.contracts.rules import require

_TURNS: Final = 50
"""Turns of the event loop for which `listen` runs before it is cancelled."""
_CANCELLED_SECONDS: Final = 5
_MINUTE_SECONDS: Final = 60
_SHORT_SECONDS: Final = 20
"""Seconds in which the provider refuses: the next pause is a short one."""
_LONG_SECONDS: Final = 240
"""Seconds after which a channel has tried again in any case."""
_STEP_SECONDS: Final = 4
"""Seconds by which the clock of the event loop is put forward."""
_TURN_SECONDS: Final = 0.01
"""Real seconds between two steps: a request takes less."""
_STANDSTILL_SECONDS: Final = 3
_FEWEST: Final = 2
_MOST: Final = 30
"""Requests in two minutes in which the provider fails."""
_FEW: Final = 3
"""Requests a minute that need not become fewer."""


async def check_listening(peer: Peer, server: PeerServer) -> None:
    """Check `listen`.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    if not isinstance(peer.channel(server.url), ListeningChannel):
        return
    async with _Listener(peer, server, None):
        for _ in range(_TURNS):
            await asyncio.sleep(0)
    async with _Listener(peer, server, None) as listener:
        wanted = await listener.pass_time(_LONG_SECONDS)
    if not wanted:
        return
    for script in (peer.refusal, peer.unauthorized, peer.throttle("30"), Fault.HANG_UP):
        async with _Listener(peer, server, script) as listener:
            await _check_tries(listener, f"`listen`, while the provider answers {script}")
    async with _Listener(peer, server, peer.refusal) as listener:
        await _check_end(listener, wanted)


async def _check_tries(listener: "_Listener", subject: str) -> None:
    first, later = [await listener.pass_time(_MINUTE_SECONDS) for _ in range(2)]
    found = f"{first} requests in a minute, and {later} in the next"
    require(first + later >= _FEWEST, "C93", subject, found)
    grows = first + later <= _MOST and later <= max(first // 2, _FEW)
    require(grows or listener.fails, "C93", subject, found)  # the host makes pauses between failures


async def _check_end(listener: "_Listener", wanted: int) -> None:
    """Check that the channel tries until it succeeds, and no more; one that polls goes on."""
    await listener.pass_time(_SHORT_SECONDS)
    listener.server.answering(None)
    found = await listener.pass_time(_LONG_SECONDS)
    right = wanted <= found <= wanted + 1 or (found and wanted > _MOST)
    subject = "`listen`, while the provider refuses for a moment"
    require(right, "C93", subject, f"{found} requests after that, and {wanted} where it always worked")


class _Listener:
    """A channel that listens while the provider answers so."""

    def __init__(self, peer: Peer, server: PeerServer, script: Script) -> None:
        self.server = server.answering(script)
        self._channel: Channel = peer.channel(server.url)
        self.fails = False
        """Whether `listen` raised an exception."""

    async def __aenter__(self) -> Self:
        await self._channel.open()
        assert isinstance(self._channel, ListeningChannel)  # noqa: S101 - for the type checker
        listen = partial(self._channel.listen, _received)
        self._task = asyncio.ensure_future(keep_running(self._channel.name, listen, self._failed))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        done, _pending = await asyncio.wait({self._task}, timeout=_CANCELLED_SECONDS)
        await self._channel.close()
        require(done, "C56", "listening that is cancelled", "it goes on")

    def _failed(self, _name: str, _times: int) -> None:
        self.fails = True

    async def pass_time(self, seconds: int) -> int:
        """Put the clock forward, and return how many requests came meanwhile."""
        before = len(self.server.received)
        for _ in range(0, seconds, _STEP_SECONDS):
            began = time.monotonic()
            await asyncio.sleep(_TURN_SECONDS)
            stood = time.monotonic() - began
            require(
                stood < _STANDSTILL_SECONDS, "C59", "`listen`", f"the event loop stood still for {stood:.0f} seconds"
            )
            advance_clock(_STEP_SECONDS)
        return len(self.server.received) - before


async def _received(_batch: Batch) -> Outcome:
    return Outcome()
