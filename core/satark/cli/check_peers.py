"""The part of `satark check` that asks providers, mail servers, brokers and police systems, and sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from satark.channel import ProbingChannel
from satark.settings import SettingProblem
from satark.sink import ProbingSink, Sink

if TYPE_CHECKING:
    from satark.channel import Channel

SECONDS: Final = 20.0
"""Most seconds that one sink may take."""
_HINT: Final = "what is for it waits until then"


def peer_problems(plugins: Sequence[Sink | Channel]) -> list[SettingProblem]:
    """Let each sink and channel that can do so connect to its peers, all at once."""
    probing = [one for one in plugins if isinstance(one, ProbingSink | ProbingChannel)]
    if not probing:
        return []
    with ThreadPoolExecutor(1) as thread:  # a caller may have an event loop of its own
        return thread.submit(lambda: asyncio.run(_probe_all(probing))).result()


async def _probe_all(plugins: Sequence[ProbingSink | ProbingChannel]) -> list[SettingProblem]:
    found = await asyncio.gather(*(_probe(one) for one in plugins))
    return [
        SettingProblem(one.name, f"SATARK_{one.name.upper()}", text, _HINT)
        for one, texts in zip(plugins, found, strict=True)
        for text in texts
    ]


async def _probe(plugin: ProbingSink | ProbingChannel) -> Sequence[str]:
    try:
        async with asyncio.timeout(SECONDS):
            return await plugin.probe()
    except TimeoutError:
        return [f"does not answer within {SECONDS:.0f} seconds"]
