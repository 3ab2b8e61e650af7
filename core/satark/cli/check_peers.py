"""The part of `satark check` that connects to mail servers, brokers and police systems, and delivers nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from satark.settings import SettingProblem
from satark.sink import ProbingSink

if TYPE_CHECKING:
    from satark.sink import Sink

SECONDS: Final = 20.0
"""Most seconds that one sink may take."""
_HINT: Final = "tips for it wait; `satark deliveries list` says what waits"


def peer_problems(sinks: Sequence[Sink]) -> list[SettingProblem]:
    """Let each sink that can do so connect to its destinations, all at once."""
    probing = [sink for sink in sinks if isinstance(sink, ProbingSink)]
    if not probing:
        return []
    with ThreadPoolExecutor(1) as thread:  # a caller may have an event loop of its own
        return thread.submit(lambda: asyncio.run(_probe_all(probing))).result()


async def _probe_all(sinks: Sequence[Sink]) -> list[SettingProblem]:
    found = await asyncio.gather(*(_probe(sink) for sink in sinks))
    return [
        SettingProblem(sink.name, f"SATARK_{sink.name.upper()}", text, _HINT)
        for sink, texts in zip(sinks, found, strict=True)
        for text in texts
    ]


async def _probe(sink: Sink) -> Sequence[str]:
    if not isinstance(sink, ProbingSink):
        return []
    try:
        async with asyncio.timeout(SECONDS):
            return await sink.probe()
    except TimeoutError:
        return [f"does not answer within {SECONDS:.0f} seconds"]
