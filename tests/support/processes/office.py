"""A remote office: a process with a separate store, connected to the host only by a broker."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from satark_testing.installation import LOOK_SECONDS, Installation
from satark_testing.waiting import limit
from support.processes.forked import ForkedService


class OfficeProcess:
    """The remote office of one desk."""

    def __init__(
        self,
        installation: Installation,
        desk: str,
        broker_url: str,
        folder: Path,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Make the office of a desk, connected to the broker at a URL; `settings` are further environment variables."""
        self.desk = desk
        self._stage = installation
        self._passphrase = folder / f"{desk}.txt"
        program = str(Path(sys.executable).with_name("satark"))
        environment = {"SATARK_PLUGINS": '["desk", "rabbitmq"]', "SATARK_DESK_FROM": broker_url, **settings}
        self.service = ForkedService(folder / desk, environment, (program, "desk", "serve"))

    async def set_up(self, level: str, area: str = "") -> None:
        """Add the desk at the office, and exchange the pairing files of office and host, using only commands."""
        # In a thread, because a command may run an event loop of its own.
        await asyncio.to_thread(self._set_up, level, area)

    def _set_up(self, level: str, area: str) -> None:
        self._passphrase.parent.mkdir(parents=True, exist_ok=True)
        self._passphrase.write_text(f"a passphrase that only the office of {self.desk} knows\n")
        self._passphrase.chmod(0o600)
        self.service.run("db", "upgrade")
        self.run("add", self.desk)
        folder = self._passphrase.parent
        (folder / "office.json").write_text(self.run("pairing-file", self.desk).stdout)
        (folder / "host.json").write_text(self._stage.service.run("desk", "host-pairing-file").stdout)
        pairing_file = str(folder / "office.json")
        self._stage.service.run("desk", "register", pairing_file, "--level", level, "--area", area)
        self._stage.service.run("rabbitmq", "declare")
        self.service.run("desk", "join", str(folder / "host.json"))

    def run(self, *words: str) -> Any:
        """Run `satark desk …` as an officer of the desk."""
        return self.service.run("desk", *words, "--passphrase-file", str(self._passphrase))

    def tips(self) -> list[dict[str, Any]]:
        """Open the desk's tips."""
        return [json.loads(line) for line in self.run("tips", self.desk, "--json").stdout.splitlines()]

    async def until(self, condition: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """Wait until a condition holds for the office's tips; return them."""
        async with limit():
            while True:
                found = await asyncio.to_thread(self.tips)
                if condition(found):
                    return found
                await asyncio.sleep(LOOK_SECONDS)
