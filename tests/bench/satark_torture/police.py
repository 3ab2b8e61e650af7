"""Police systems that answer 500, 429 and 410, are slow, redirect, and lose the answer to what they took."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from satark.forwarding import own_key
from satark.forwards import Forward
from satark.services import Services
from satark.testing.police import SECRET, Fault, PoliceReceiver
from satark.testing.serving import serve
from satark.testing.tips import plant
from satark_torture.targets import DESTINATIONS, Effect

FAULTS = (
    Fault(500),
    Fault(429, {"retry-after": "1"}),
    Fault(410),
    Fault(503, taken=True),
    Fault(202, seconds=5, taken=True),
    Fault(302, {"location": "http://169.254.169.254/"}),
)


class Police:
    """Police systems with a key of their own, for which every tip is really opened."""

    plugin = "police_system"

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        self._chance = random.Random(seed)
        self._faulty = faulty
        self._effects: list[Effect] = []
        self._settings: dict[str, str] = {}
        self._forwards = [_forward(f"police_system:cell{n}", folder) for n in range(DESTINATIONS)]

    @property
    def destinations(self) -> Sequence[str]:
        """Some systems."""
        return [forward.to for forward in self._forwards]

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's section, and the forwards."""
        return self._settings

    @property
    def effects(self) -> Sequence[Effect]:
        """Every event that was taken."""
        return self._effects

    def key_of(self, idempotency_key: str) -> str:
        """The event's id."""
        return idempotency_key

    def plant(self, services: Services, tips: int) -> None:
        """Leave sealed tips, each for one system."""
        for n in range(tips):
            plant(services, [], forwards=[self._forwards[n % DESTINATIONS]])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve."""
        async with AsyncExitStack() as stack:
            systems = {}
            for forward in self._forwards:
                receiver = PoliceReceiver(choose=self._choose, took=self._took(forward.to))
                url = await stack.enter_async_context(serve(receiver.app))
                systems[forward.to.partition(":")[2]] = {"url": f"{url}/tips", "secret": SECRET, "send_seconds": 3}
            forwards = [forward.model_dump(mode="json", exclude_defaults=True) for forward in self._forwards]
            self._settings = {
                "SATARK_FORWARD": json.dumps(forwards),
                "SATARK_POLICE_SYSTEM__SYSTEMS": json.dumps(systems),
            }
            yield

    def mend(self) -> None:
        """Take everything from now on."""
        self._faulty = 0

    def _choose(self) -> Fault | None:
        return self._chance.choice(FAULTS) if self._chance.random() < self._faulty else None

    def _took(self, destination: str) -> Callable[[str], None]:
        return lambda key: self._effects.append(Effect(key, destination))


def _forward(to: str, folder: Path) -> Forward:
    file = folder / f"{to.replace(':', '-')}.key"
    return Forward(to=to, desk="sp", recipient=own_key(file), identity_file=file)
