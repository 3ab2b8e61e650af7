"""Simulates systemd for the units of a guide: starts them as they say, and at boot those that are enabled."""

from __future__ import annotations

import re
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Final

from satark_testing.processes.service import ServiceError, free_port
from satark_testing.waiting import LIMIT_SECONDS

_PORT: Final = re.compile(r"(?<=--port )\d+|(?<=METRICS_LISTEN=127\.0\.0\.1:)\d+")
_POLL_SECONDS: Final = 0.1


class Units:
    """The units in a folder. Each port is replaced by a free one, and each user by the user who runs the test.

    Args:
        folder: where the unit files lie.
        here: maps a path of the guide to a path of the test.
        environment: environment variables of every process, besides those of its unit.
    """

    def __init__(self, folder: Path, here: Callable[[str], str], environment: Mapping[str, str]) -> None:
        self.enabled: list[str] = []
        """The units that start at boot, in the order in which they were enabled."""
        self._folder = folder
        self._here = here
        self._environment = environment
        self._ports: dict[str, int] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, name: str) -> str:
        """Return the base URL of a service."""
        (port,) = re.findall(r"--port (\d+)", self._text(name))
        return f"http://127.0.0.1:{port}"

    def obey(self, verb: str, *words: str) -> None:
        """Do what `systemctl VERB WORDS` does with the units of the folder. Debian's own units are ignored."""
        named = [word if "." in word else f"{word}.service" for word in words if not word.startswith("-")]
        names = [name for name in named if (self._folder / name).exists()]
        if verb == "enable":
            self.enabled += [name for name in names if self._values(name, "WantedBy")]
        if verb in {"stop", "restart"}:
            self._kill(names)
        if verb in {"start", "restart"} or "--now" in words:
            self._start(names)

    def boot(self) -> None:
        """Start every enabled unit."""
        self._start(self.enabled)

    def cut_power(self) -> None:
        """Kill every process at once."""
        self._kill(list(self._running))

    def _start(self, names: Iterable[str]) -> None:
        services = [name for name in names if name.endswith(".service")]
        for name in services:
            with self._log(name).open("ab") as log:
                self._run(name, log)
        for name in services:
            if name in self._running:
                self._await(name)

    def _run(self, name: str, log: IO[bytes]) -> None:
        """Run the commands of a unit that ends by itself; start the command of a unit that keeps running."""
        for command in self._values(name, "ExecStart"):
            process = self._process(name, command, log)
            if self._values(name, "Type") != ["oneshot"]:
                self._running[name] = process
            elif process.wait():
                raise ServiceError(f"{name}: {self._log(name).read_text()[-2000:]}")

    def _process(self, name: str, command: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        said = dict(line.split("=", 1) for line in self._values(name, "Environment"))
        (folder,) = self._values(name, "WorkingDirectory")
        environment = {**self._environment, **said}
        return subprocess.Popen(shlex.split(command), cwd=folder, env=environment, stdout=log, stderr=log)

    def _await(self, name: str) -> None:
        """Wait until a service answers."""
        for _ in range(int(LIMIT_SECONDS / _POLL_SECONDS)):
            if self._answers(name):
                return
            try:
                self._running[name].wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise ServiceError(f"{name} ended: {self._log(name).read_text()[-2000:]}")
        raise ServiceError(f"{name} does not answer")

    def _answers(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url(name)}/healthz", timeout=5) as response:  # noqa: S310 - this machine
                return bool(response.status == 200)
        except OSError:
            return False

    def _kill(self, names: Iterable[str]) -> None:
        processes = [self._running.pop(name) for name in names if name in self._running]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def _values(self, name: str, key: str) -> list[str]:
        """Return the lines that a unit has for a key."""
        return re.findall(rf"^{key}=(.*)$", self._text(name), re.MULTILINE)

    def _text(self, name: str) -> str:
        text = self._here((self._folder / name).read_text())
        return _PORT.sub(lambda found: str(self._ports.setdefault(found[0], free_port())), text)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
