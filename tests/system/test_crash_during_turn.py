"""A process is killed at each point of a turn: no acknowledged event is lost, and none is processed twice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from satark_testing.installation import Installation
from satark_testing.waiting import limit
from satark_testing.whatsapp.citizen import Citizen, LostError
from satark_testing.whatsapp.messages import BusinessMessage
from support.answers import HINDI
from support.processes.forked import set_up_installation
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a process")

SERVER = Path(__file__).with_name("crashing_server.py")
FIRST = "दुकान के पीछे शराब बिकती है"
SECOND = "They sell liquor behind the school"
POINTS = ("after receipt", "before commit", "after commit", "after send")


class RetryingCitizen(Citizen):
    """A citizen whose webhooks are repeated until they get 200, as Meta does, even through a restart.

    They answer once a question that a crash lets the bot ask twice.
    """

    async def hear(self) -> BusinessMessage:
        """Wait for the next message that does not repeat the last one."""
        before = self.heard[-1].text if self.heard else None
        while (heard := await super().hear()).text == before:
            pass
        return heard

    async def _post(self, build: object) -> str:
        made: dict[str, bytes] = {}

        def once(key: str) -> bytes:
            return made.setdefault("body", build(made.setdefault("key", key)))  # type: ignore[operator, arg-type]

        async with limit():
            while True:
                try:
                    await super()._post(once)
                except (aiohttp.ClientError, LostError, OSError):
                    await asyncio.sleep(0.1)
                else:
                    return str(made["key"])


async def restart_after_crash(installation: Installation) -> int:
    """Restart the service whenever it has killed itself. The environment variable CRASHES counts the restarts."""
    crashes = 0
    while True:
        await installation.service.ended()
        crashes += 1
        await installation.service.start({"CRASH_AT": ""})
        installation.service.environment["CRASHES"] = str(crashes)


@pytest.mark.full("crashes")
@pytest.mark.parametrize("turn", [6])
@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_during_a_turn_loses_and_repeats_no_event(
    tmp_path: Path, environment: Mapping[str, str], point: str, turn: int
) -> None:
    async with set_up_installation(tmp_path, environment, command=(sys.executable, str(SERVER))) as installation:
        await installation.service.start({"CRASH_AT": point, "CRASH_ON": str(turn)})
        guard = asyncio.ensure_future(restart_after_crash(installation))
        try:
            citizens = [
                RetryingCitizen(
                    installation.peer,
                    installation.webhook,
                    wa_id=f"91980000000{n}",
                    user_id=f"IN.{n:014}",
                )
                for n in range(2)
            ]
            codes = await asyncio.gather(
                citizens[0].walk({**HINDI, "क्या हो रहा है\\?": FIRST}),
                citizens[1].walk({**ENGLISH, "What is happening\\?": SECOND}),
            )
            assert len(set(codes)) == 2
            for desk in ("sp", "dig"):
                tips = await installation.tips(desk, at_least=2)
                assert sorted(tip["answers"]["what"] for tip in tips) == [SECOND, FIRST]
        finally:
            guard.cancel()
        assert installation.service.environment.get("CRASHES") == "1", "the process should crash once"
