"""An office of its own: a process with its own store, that sees nothing of the host but what a broker brings."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from satark.testing.processes.service import Service
from satark.testing.scenario import Stage

SEEN_SECONDS = 60


class Office:
    """One desk's office."""

    def __init__(
        self, stage: Stage, desk: str, broker_url: str, folder: Path, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Of this desk, fed from the broker at a URL; `settings` are further ones from the environment."""
        self.desk = desk
        self._stage = stage
        self._passphrase = folder / f"{desk}.txt"
        program = str(Path(sys.executable).with_name("satark"))
        environment = {"SATARK_PLUGINS": '["desk", "rabbitmq"]', "SATARK_DESK_FROM": broker_url, **settings}
        self.service = Service(folder / desk, environment, (program, "desk", "serve"))

    async def set_up(self, level: str, area: str = "") -> None:
        """Make the desk at the office, and make office and host known to each other, by commands alone."""
        # In a thread: a command may have an event loop of its own.
        await asyncio.to_thread(self._set_up, level, area)

    def _set_up(self, level: str, area: str) -> None:
        self._passphrase.parent.mkdir(parents=True, exist_ok=True)
        self._passphrase.write_text(f"a passphrase that only the office of {self.desk} knows\n")
        self.service.run("db", "upgrade")
        self.run("add", self.desk)
        cards = self._passphrase.parent
        (cards / "office.card").write_text(self.run("card", self.desk).stdout)
        (cards / "host.card").write_text(self._stage.service.run("desk", "host-card").stdout)
        card = str(cards / "office.card")
        self._stage.service.run("desk", "register", card, "--level", level, "--area", area)
        self._stage.service.run("rabbitmq", "declare")
        self.service.run("desk", "join", str(cards / "host.card"))

    def run(self, *words: str) -> Any:
        """Run `satark desk …` as an officer of the desk."""
        return self.service.run("desk", *words, "--passphrase-file", str(self._passphrase))

    def tips(self) -> list[dict[str, Any]]:
        """Open the desk's tips."""
        return [json.loads(line) for line in self.run("tips", self.desk, "--json").stdout.splitlines()]

    async def until(self, is_so: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """Wait until the office's tips are as wanted; give them."""
        async with asyncio.timeout(SEEN_SECONDS):
            while True:
                found = await asyncio.to_thread(self.tips)
                if is_so(found):
                    return found
                await asyncio.sleep(0.2)
