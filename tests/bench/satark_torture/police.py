"""Police systems that answer 500, 429 and 410, are slow, redirect, and lose the answer to what they took.

What they say back comes twice, in the wrong order and by a clock that is wrong, to a desk that dies meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp

from satark.casework.opened import Posted, status_of
from satark.delivery.reader import own_key
from satark.destination import DestinationRule
from satark.services import Services
from satark.testing.peers.police import SECRET, Fault, PoliceReceiver, answer_body
from satark.testing.processes.serving import serve
from satark.testing.tips import SeededTip, seed_tip
from satark_torture.targets import DESTINATIONS, Answers, Effect
from satark_torture.threads import lost_and_doubled, threads

FAULTS = (
    Fault(500),
    Fault(429, {"retry-after": "1"}),
    Fault(410),
    Fault(503, taken=True),
    Fault(202, seconds=5, taken=True),
    Fault(302, {"location": "http://169.254.169.254/"}),
)
TEXTS = ("taken into the register", "somebody was there")
"""What a system says of each tip, in this order."""
ODD = 0.2
"""Share of answers that are sent twice, first by a wrong clock, or in the wrong order."""
WRONG_CLOCK = timedelta(seconds=400)
AGAIN_SECONDS = 0.5
OK = 200


class Said(NamedTuple):
    """One answer as it is posted, as often as it takes."""

    body: bytes
    message_id: str


class Police:
    """Police systems with a key of their own, for which every tip is really opened."""

    plugin = "police_system"
    restarts = 0

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        self.destination_rules = [
            _queue_for_destinations(f"police_system:cell{n}", folder) for n in range(DESTINATIONS)
        ]
        self._chance = random.Random(seed)
        self._faulty = faulty
        self._effects: list[Effect] = []
        self._settings: dict[str, str] = {}
        self._planted: list[SeededTip] = []
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._forged = 0

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's section."""
        return self._settings

    @property
    def effects(self) -> Sequence[Effect]:
        """Every event that was taken."""
        return self._effects

    @property
    def is_quiet(self) -> bool:
        """Whether every answer was taken."""
        return all(task.done() for task in self._answering.values())

    def key_of(self, delivery: str, tip: str) -> str:
        """The event's id."""
        del tip
        return delivery

    def seed_tip(self, services: Services, tips: int) -> None:
        """Leave sealed tips, each for one system."""
        self._planted = [
            seed_tip(services, [], destination_rules=[self.destination_rules[n % DESTINATIONS]]) for n in range(tips)
        ]

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Serve."""
        del services
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(aiohttp.ClientSession())
            systems = {}
            for rule in self.destination_rules:
                name = rule.to.partition(":")[2]
                receiver = PoliceReceiver(choose=self._choose, took=self._took(rule.to))
                receiver.on_event(self._hears(receiver, client, f"{desk_url}/police_system/{name}/answers"))
                url = await stack.enter_async_context(serve(receiver.app))
                systems[name] = {"url": f"{url}/tips", "secret": SECRET, "send_seconds": 3}
            self._settings = {"SATARK_POLICE_SYSTEM__SYSTEMS": json.dumps(systems)}
            yield
            for task in self._answering.values():
                task.cancel()

    async def disturb(self) -> None:
        """Nothing: it fails event by event, and its answers meet a desk that dies."""

    def mend(self) -> None:
        """Take everything from now on."""
        self._faulty = 0

    def answers(self, services: Services) -> Answers:
        """Each tip's thread must have both answers once, and end with the status of the later one."""
        for task in self._answering.values():
            task.result()
        lost = doubled = disordered = 0
        for thread in threads(services, self._planted).values():
            missing, more = lost_and_doubled(thread, TEXTS)
            lost, doubled = lost + missing, doubled + more
            disordered += status_of([Posted(n, message) for n, message in enumerate(thread)]) != "ACTED"
        return Answers(len(self._planted) * len(TEXTS), lost, doubled + self._forged, disordered)

    def _choose(self) -> Fault | None:
        return self._chance.choice(FAULTS) if self._chance.random() < self._faulty else None

    def _took(self, destination: str) -> Callable[[str], None]:
        return lambda key: self._effects.append(Effect(key, destination))

    def _hears(
        self, receiver: PoliceReceiver, client: aiohttp.ClientSession, url: str
    ) -> Callable[[dict[str, Any]], None]:
        def hear(event: dict[str, Any]) -> None:
            number = event["data"]["number"]
            if number not in self._answering:
                self._answering[number] = asyncio.create_task(self._answer(receiver, client, url, number))

        return hear

    async def _answer(self, receiver: PoliceReceiver, client: aiohttp.ClientSession, url: str, number: str) -> None:
        received = answer_body("received", number=number, sequence=1, text=TEXTS[0])
        disposition = answer_body("disposition", number=number, sequence=2, status="ACTED", text=TEXTS[1])
        said = [Said(body, uuid4().hex) for body in (received, disposition)]
        if self._is_odd():
            said.reverse()
        if self._is_odd():
            said.append(said[0])
        for one in said:
            if self._is_odd():
                wrong = datetime.now(UTC) + self._chance.choice((-1, 1)) * WRONG_CLOCK
                self._forged += await self._post(receiver, client, url, one, wrong) == OK
            while await self._post(receiver, client, url, one) != OK:  # noqa: ASYNC110 - the desk is another process
                await asyncio.sleep(AGAIN_SECONDS)

    async def _post(
        self, receiver: PoliceReceiver, client: aiohttp.ClientSession, url: str, said: Said, at: datetime | None = None
    ) -> int:
        headers = receiver.signed(said.body, said.message_id, at)
        try:
            async with client.post(url, data=said.body, headers=headers) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _is_odd(self) -> bool:
        return self._chance.random() < ODD


def _queue_for_destinations(to: str, folder: Path) -> DestinationRule:
    file = folder / f"{to.replace(':', '-')}.key"
    return DestinationRule(to=to, desk="sp", recipient=own_key(file), identity_file=file)
