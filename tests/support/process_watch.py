"""Watches from outside which files a running process writes to disk, and how much memory it uses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from satark.store.workspace import SHARED_MEMORY

_MEMORY: Final = (f"{SHARED_MEMORY}/satark-", "/memfd:")
"""Prefixes of open files that are in memory and on no disk."""
_EXAMINED_BYTES: Final = 1 << 21
"""Number of bytes of each file that are examined."""


class ProcessWatch:
    """Repeatedly examines every file that a process has on disk, including deleted files that are still open.

    Args:
        process: the process id.
        folder: the folder that the process writes to.
        needles: plain text that must not be on disk. Files sealed by age are examined once, all others every time.
    """

    def __init__(self, process: int, folder: Path, needles: Sequence[bytes]) -> None:
        self._process = process
        self._folder = folder
        self._needles = needles
        self.examined: set[str] = set()
        self.finds: set[str] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Examine all files repeatedly during the block, and once more at its end.

        Raises:
            ExceptionGroup: an examination failed.
        """
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look_repeatedly())
            yield
            looking.cancel()
        await asyncio.to_thread(self.look)

    async def _look_repeatedly(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.01)

    def look(self) -> None:
        """Examine all files once."""
        for path in (*self._files(), *self._descriptors()):
            try:
                if path.is_file() and str(path) not in self.examined:
                    self._examine(path)
            except OSError:
                continue

    def _files(self) -> Iterator[Path]:
        # Not rglob: it raises where the process removes a folder meanwhile.
        return (Path(folder, name) for folder, _, names in os.walk(self._folder) for name in names)

    def _descriptors(self) -> Sequence[Path]:
        try:
            return list(Path(f"/proc/{self._process}/fd").iterdir())
        except PermissionError:
            return ()  # only root sees those of a process that forbids dumps (satark_files.sandbox.core_dumps)

    def _examine(self, path: Path) -> None:
        with path.open("rb") as file:
            # Read the target of our own descriptor: the process may have reused its number for another file.
            target = str(Path(f"/proc/self/fd/{file.fileno()}").readlink())
            beginning = b"" if target.startswith(_MEMORY) else file.read(_EXAMINED_BYTES)
        if any(needle in beginning for needle in self._needles):
            self.finds.add(target)
        if path.suffix == ".age":
            self.examined.add(str(path))


def peak_resident_bytes(process: int) -> int:
    """Return the peak resident memory of a process in bytes (proc(5), VmHWM)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
