"""The part of `satark check` that asks providers, mail servers, brokers and police systems, and sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from satark.fault_finder import FaultFinder
from satark.settings import SettingProblem
from satark.sink import Sink

if TYPE_CHECKING:
    from satark.channel import Channel

SECONDS: Final = 20.0
"""Most seconds that one sink may take."""
_HINT: Final = "what is for it waits until then"


def peer_problems(plugins: Sequence[Sink | Channel]) -> list[SettingProblem]:
    """Let each sink and channel that can do so connect to its peers, all at once."""
    checked = [one for one in plugins if isinstance(one, FaultFinder)]
    if not checked:
        return []
    with ThreadPoolExecutor(1) as thread:  # a caller may have an event loop of its own
        return thread.submit(lambda: asyncio.run(_ask_all(checked))).result()


async def _ask_all(plugins: Sequence[FaultFinder]) -> list[SettingProblem]:
    found = await asyncio.gather(*(_ask(one) for one in plugins))
    return [
        SettingProblem(one.name, f"SATARK_{one.name.upper()}", text, _HINT)
        for one, texts in zip(plugins, found, strict=True)
        for text in texts
    ]


async def _ask(plugin: FaultFinder) -> Sequence[str]:
    try:
        async with asyncio.timeout(SECONDS):
            return await plugin.find_faults()
    except TimeoutError:
        return [f"does not answer within {SECONDS:.0f} seconds"]
