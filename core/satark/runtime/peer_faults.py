"""Asks providers, mail servers, brokers and police systems whether everything is right; nothing is sent to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from satark.api.observability import FaultFinder
from satark.telemetry.faults import Fault

if TYPE_CHECKING:
    from satark.api.channel import Channel
    from satark.api.sink import Sink
    from satark.telemetry.faults import Faults

SECONDS: Final = 20.0
"""Most seconds that one of them may take."""
EVERY: Final = 60.0
"""Seconds between two rounds: a fault shows within two minutes."""
_DO: Final = "mend that, it is over by itself; what is for it waits (docs/runbook.md#a-peer-reports-a-fault)"


async def ask_peers(plugins: Iterable[Channel | Sink]) -> list[tuple[str, str]]:
    """Let each channel and sink that can do so ask its peers, all at once; return names of plugins and what is wrong.

    A plugin that is open already must not be among them: it would be closed.
    """
    asked = [one for one in plugins if isinstance(one, FaultFinder)]
    found = await asyncio.gather(*(_ask(one) for one in asked))
    return [(one.name, text) for one, texts in zip(asked, found, strict=True) for text in texts]


class PeerWatch:
    """Asks the peers of one process again and again.

    Args:
        make_plugins: makes its channels and sinks once more, for this alone.
        faults: where faults are told of.
    """

    def __init__(self, make_plugins: Callable[[], Sequence[Channel | Sink]], faults: Faults) -> None:
        self._make_plugins, self._faults = make_plugins, faults
        self._plugins: Sequence[Channel | Sink] | None = None

    async def run(self) -> None:
        """Ask until cancelled; not at once, since a start has more urgent work."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look_once()

    async def look_once(self) -> None:
        """Ask once; tell what began and what is over."""
        if self._plugins is None:
            self._plugins = self._make_plugins()
        texts: dict[str, list[str]] = {}
        for name, text in await ask_peers(self._plugins):
            texts.setdefault(name, []).append(text)
        found = [Fault(f"peer_fault:{name}", f"{name}: {'; '.join(many)}", _DO) for name, many in texts.items()]
        self._faults.show("peers", found)


async def _ask(plugin: FaultFinder) -> Sequence[str]:
    try:
        async with asyncio.timeout(SECONDS):
            return await plugin.find_faults()
    except TimeoutError:
        return [f"does not answer within {SECONDS:.0f} seconds"]
