"""What a process has on the disk and in memory, looked at from outside while it works."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_MEMORY: Final = ("/dev/", "/memfd:")
"""Where what is open is in memory, and on no disk."""
_BEGINNING: Final = 1 << 21
"""Bytes of each file that are looked at."""


class Watch:
    """Looks, again and again, at everything that a process has on the disk, deleted files that are open too.

    Args:
        process: its id.
        folder: where it writes.
        needles: plain text that must not be there. What age has sealed is looked at once, all else every time.
    """

    def __init__(self, process: int, folder: Path, needles: Sequence[bytes]) -> None:
        self._process = process
        self._folder = folder
        self._needles = needles
        self.seen: set[str] = set()
        self.finds: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.01)

    def look(self) -> None:
        """Look once."""
        for path in (*self._folder.rglob("*"), *self._descriptors()):
            try:
                if path.is_file() and str(path) not in self.seen:
                    self._examine(path)
            except OSError:
                continue

    def _descriptors(self) -> Sequence[Path]:
        try:
            return list(Path(f"/proc/{self._process}/fd").iterdir())
        except PermissionError:
            return ()  # of a process that forbids dumps (satark.identity.core_dumps), root alone sees them

    def _examine(self, path: Path) -> None:
        with path.open("rb") as file:
            # Asked of what is open here: the process may have closed that descriptor, and opened another of its number.
            target = str(Path(f"/proc/self/fd/{file.fileno()}").readlink())
            beginning = b"" if target.startswith(_MEMORY) else file.read(_BEGINNING)
        if any(needle in beginning for needle in self._needles):
            self.finds.add(target)
        if path.suffix == ".age":
            self.seen.add(str(path))


def most_resident(process: int) -> int:
    """The most memory that a process has had, in bytes (proc(5), VmHWM)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
