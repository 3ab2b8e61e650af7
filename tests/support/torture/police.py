"""Police systems that answer 500, 429 and 410, are slow, redirect, and accept events without answering.

Their own answers are sent twice, out of order and with a wrong clock, to a desk process that is killed meanwhile.
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

from satark.api.routing import DestinationRule
from satark.delivery.destination_keys import own_key, with_verifier
from satark.dialogue.tip_status import present_status
from satark.services import Services
from satark_testing.peers.police import SECRET, Fault, PoliceReceiver, answer_body
from satark_testing.processes.serving import serve
from support.tips import SeededTip, seed_tip
from support.torture.targets import DESTINATIONS, Answers, Effect
from support.torture.threads import lost_and_duplicated, threads

FAULTS = (
    Fault(500),
    Fault(429, {"retry-after": "1"}),
    Fault(410),
    Fault(503, accepted=True),
    Fault(202, seconds=5, accepted=True),
    Fault(200, body="a proxy's page"),
    Fault(302, {"location": "http://169.254.169.254/"}),
)
TEXTS = ("taken into the register", "somebody was there")
"""The texts of the answers that a system sends about a tip, in order."""
ABNORMAL_SHARE = 0.2
"""Share of answers that are sent twice, first with a wrong clock, or out of order."""
WRONG_CLOCK = timedelta(seconds=400)
RETRY_SECONDS = 0.5
OK = 200


class PostedAnswer(NamedTuple):
    """One answer, which is posted until it is accepted."""

    body: bytes
    message_id: str


class PoliceSystems:
    """Police systems with their own keys, for which every tip is really decrypted."""

    plugin = "police_system"
    restarts = 0

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        self.destination_rules = [_destination_rule(f"police_system:cell{n}", folder) for n in range(DESTINATIONS)]
        self._chance = random.Random(seed)
        self._faulty = faulty
        self._effects: list[Effect] = []
        self._settings: dict[str, str] = {}
        self._seeded: list[SeededTip] = []
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._forged = 0

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's settings."""
        return self._settings

    @property
    def effects(self) -> Sequence[Effect]:
        """Every accepted event."""
        return self._effects

    @property
    def is_idle(self) -> bool:
        """Whether every answer was accepted."""
        return all(task.done() for task in self._answering.values())

    def key_of(self, delivery: str, tip: str) -> str:
        """Return the event's id."""
        del tip
        return delivery

    def seed_tip(self, services: Services, tips: int) -> None:
        """Store sealed tips, each for one system."""
        self._seeded = [
            seed_tip(services, [], destination_rules=[self.destination_rules[n % DESTINATIONS]]) for n in range(tips)
        ]

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Serve the police systems."""
        del services
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(aiohttp.ClientSession())
            systems = {}
            for rule in self.destination_rules:
                name = rule.name
                receiver = PoliceReceiver(choose=self._choose, on_accepted=self._took(rule.to))
                receiver.on_event(self._answerer(receiver, client, f"{desk_url}/police_system/{name}/answers"))
                url = await stack.enter_async_context(serve(receiver.app))
                systems[name] = {"url": f"{url}/tips", "secret": SECRET, "send_seconds": 3}
            self._settings = {"SATARK_POLICE_SYSTEM__SYSTEMS": json.dumps(systems)}
            yield
            for task in self._answering.values():
                task.cancel()

    async def interrupt(self) -> None:
        """Do nothing: single events fail, and the run kills the desk process."""

    def stop_faults(self) -> None:
        """Accept all events from now on."""
        self._faulty = 0

    def answers(self, services: Services) -> Answers:
        """Check that each tip's thread has both answers once and ends with the status of the later one."""
        for task in self._answering.values():
            task.result()
        lost = duplicated = out_of_order = 0
        for thread in threads(services, self._seeded).values():
            missing, more = lost_and_duplicated(thread, TEXTS)
            lost, duplicated = lost + missing, duplicated + more
            out_of_order += present_status(thread) != "ACTED"
        return Answers(len(self._seeded) * len(TEXTS), lost, duplicated + self._forged, out_of_order)

    def _choose(self) -> Fault | None:
        return self._chance.choice(FAULTS) if self._chance.random() < self._faulty else None

    def _took(self, destination: str) -> Callable[[str], None]:
        return lambda key: self._effects.append(Effect(key, destination))

    def _answerer(
        self, receiver: PoliceReceiver, client: aiohttp.ClientSession, url: str
    ) -> Callable[[dict[str, Any]], None]:
        def answer(event: dict[str, Any]) -> None:
            number = event["data"]["number"]
            if number not in self._answering:
                self._answering[number] = asyncio.create_task(self._answer(receiver, client, url, number))

        return answer

    async def _answer(self, receiver: PoliceReceiver, client: aiohttp.ClientSession, url: str, number: str) -> None:
        received = answer_body("received", number=number, sequence=1, text=TEXTS[0])
        disposition = answer_body("disposition", number=number, sequence=2, status="ACTED", text=TEXTS[1])
        answers = [PostedAnswer(body, uuid4().hex) for body in (received, disposition)]
        if self._is_abnormal():
            answers.reverse()
        if self._is_abnormal():
            answers.append(answers[0])
        for one in answers:
            if self._is_abnormal():
                wrong = datetime.now(UTC) + self._chance.choice((-1, 1)) * WRONG_CLOCK
                self._forged += await self._post(receiver, client, url, one, wrong) == OK
            while await self._post(receiver, client, url, one) != OK:  # noqa: ASYNC110 - the desk is another process
                await asyncio.sleep(RETRY_SECONDS)

    async def _post(
        self,
        receiver: PoliceReceiver,
        client: aiohttp.ClientSession,
        url: str,
        answer: PostedAnswer,
        at: datetime | None = None,
    ) -> int:
        headers = receiver.signed(answer.body, answer.message_id, at)
        try:
            async with client.post(url, data=answer.body, headers=headers) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _is_abnormal(self) -> bool:
        return self._chance.random() < ABNORMAL_SHARE


def _destination_rule(to: str, folder: Path) -> DestinationRule:
    file = folder / f"{to.replace(':', '-')}.key"
    return with_verifier(DestinationRule(to=to, desk="sp", recipient=own_key(file), identity_file=file))
