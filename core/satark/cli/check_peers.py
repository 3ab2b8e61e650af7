"""The part of `satark check` that asks providers, mail servers, brokers and police systems, and sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from satark.runtime.peer_faults import ask_peers
from satark.settings.settings import SettingProblem

if TYPE_CHECKING:
    from satark.api.channel import Channel
    from satark.api.sink import Sink

_HINT: Final = "what is for it waits until then"


def peer_problems(plugins: Sequence[Sink | Channel]) -> list[SettingProblem]:
    """Let each sink and channel that can do so connect to its peers, all at once."""
    if not plugins:
        return []
    with ThreadPoolExecutor(1) as thread:  # a caller may have an event loop of its own
        found = thread.submit(lambda: asyncio.run(ask_peers(plugins))).result()
    return [SettingProblem(name, f"SATARK_{name.upper()}", text, _HINT) for name, text in found]
