"""A round of listening ends as soon as the sink sleeps, and what a destination does has a name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from satark_testing.contracts.listening import Listening, named
from satark_testing.contracts.provider_peer import Fault, Reply
from satark_testing.contracts.sink import SinkCase


class Sleeper:
    """A sink that does its work and sleeps."""

    name = "sleeper"
    rounds = 0

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def deliver(self, delivery: Any) -> Any:
        """Do nothing."""

    async def listen(self) -> None:
        self.rounds += 1
        await asyncio.sleep(300)


async def test_a_round_ends_when_the_sink_sleeps(tmp_path: Path) -> None:
    sleeper, store = Sleeper(), SimpleNamespace(posted=[])
    case = SinkCase(folder=tmp_path, held=dict, restarted=lambda: sleeper)
    tips: Any = SimpleNamespace(sink=sleeper)
    listening = Listening(tips, case, None, [], store)  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        assert await listening._until(lambda: sleeper.rounds == 2)
    await listening.close()


def test_what_a_destination_does_has_a_name() -> None:
    assert [named(Reply(500)), named(Fault.LOST)] == ["an answer with 500", Fault.LOST.value]
