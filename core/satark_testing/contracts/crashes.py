"""Fails the operations of a sink in turn, and follows the files that it writes until they are on the disk."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

_OPERATIONS: Final = frozenset({"open", "os.rename", "os.link", "os.mkdir", "os.remove", "socket.connect"})
OPENED: Final = "satark_testing.opened"
"""The audit event of a sample tip that was opened."""
_CODE: Final = (".py", ".pyc", ".so")
_IN_MEMORY: Final = "/dev"


def _inode(path: Path) -> tuple[int, int]:
    known = path.stat()
    return known.st_dev, known.st_ino


class Crashes:
    """Counts operations, and fails the chosen one."""

    def __init__(self) -> None:
        self.count = 0
        """Number of operations since `failing` was entered."""
        self._written = set[Path]()
        self._flushed = set[tuple[int, int]]()
        self._turn = -1
        self._running = False
        self._fsync = os.fsync

    @contextmanager
    def failing(self, turn: int) -> Iterator[None]:
        """Fail the operation with this number (0 is the first), in any thread, while the block runs."""
        self._turn, self.count, self._running = turn, 0, True
        _current.append(self)
        try:
            with patch("os.fsync", self._flush), patch("os.fdatasync", self._flush):
                yield
        finally:
            _current.remove(self)
            self._running = False

    @property
    def failed(self) -> bool:
        """Whether there was an operation with that number."""
        return self.count > self._turn

    def operation(self) -> None:
        """Count one operation.

        Raises:
            OSError: the operation is the one that must fail.
        """
        turn, self.count = self.count, self.count + 1
        if turn == self._turn:
            raise OSError(5, "a crash in a test")

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count an operation, and follow a file that is written to its later names."""
        paths = [
            Path(os.fsdecode(one)).absolute() for one in arguments[:2] if isinstance(one, str | bytes | os.PathLike)
        ]
        if event == "open" and paths and int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            self._written.add(paths[0])
        elif event in {"os.rename", "os.link"} and paths[0] in self._written:
            self._written.add(paths[1])
            self._flushed.discard(_inode(paths[1].parent))
        self.operation()

    def left(self) -> list[Path]:
        """Return the written files that still exist, except those in memory alone."""
        return sorted(file for file in self._written if file.is_file() and not file.is_relative_to(_IN_MEMORY))

    def unflushed(self) -> list[str]:
        """Return what a power cut would lose: a file, or the folder that has its name."""
        left = self.left()
        files = [f"the file {file.name} was not flushed" for file in left if _inode(file) not in self._flushed]
        folders = {file.parent for file in left if _inode(file.parent) not in self._flushed}
        return files + [f"the folder {one.name} was not flushed after a file got its name in it" for one in folders]

    def _flush(self, descriptor: int) -> None:
        self.operation()
        self._fsync(descriptor)
        known = os.fstat(descriptor)
        self._flushed.add((known.st_dev, known.st_ino))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run all work of the event loop's thread pool in `count` threads. With one, the last task runs last."""
    loop = asyncio.get_running_loop()
    before = getattr(loop, "_default_executor", None)
    with ThreadPoolExecutor(count) as pool:
        loop.set_default_executor(pool)
        try:
            yield
        finally:
            loop.set_default_executor(before or ThreadPoolExecutor())


async def turns_of(delivering: Coroutine[Any, Any, object]) -> int:
    """Return how many turns of the event loop a delivery takes."""
    task, turns = asyncio.ensure_future(delivering), 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def pass_turns(turns: int) -> None:
    """Let the event loop turn so often."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def idle() -> None:
    """Wait until the single thread of the pool has finished its tasks."""
    await asyncio.to_thread(int)


_current: list[Crashes] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _meetings and event in {"os.rename", OPENED}:
        _meetings[-1]()
    if _current and event in _OPERATIONS and not str(arguments[0]).endswith(_CODE):
        _current[-1].hear(event, arguments)


_MEETING_SECONDS: Final = 0.3


@contextmanager
def meeting() -> Iterator[None]:
    """Let each of two threads wait, before its first rename or behind the tip that it opened, for the other."""
    barrier, seen = threading.Barrier(2), set[int]()

    def wait() -> None:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            with suppress(threading.BrokenBarrierError):
                barrier.wait(_MEETING_SECONDS)

    _meetings.append(wait)
    try:
        yield
    finally:
        _meetings.clear()


_meetings: list[Callable[[], None]] = []

sys.addaudithook(_hear)  # it can't be removed again: it does nothing outside `failing` and `meeting`
