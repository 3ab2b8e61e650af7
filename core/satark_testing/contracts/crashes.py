"""Lets each operation of a sink on files and sockets fail in turn, as if the machine's disk or network did."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

_OPERATIONS: Final = frozenset({"open", "os.rename", "os.link", "os.mkdir", "os.remove", "socket.connect"})
_CODE: Final = (".py", ".pyc", ".so")


class Crashes:
    """Counts operations, and fails the one whose turn it is."""

    def __init__(self) -> None:
        self.count = 0
        """Operations since `failing` was entered."""
        self._turn = -1
        self._running = False
        self._fsync = os.fsync

    @contextmanager
    def failing(self, turn: int) -> Iterator[None]:
        """Fail the operation of this number, 0 for the first, in any thread, while the block runs."""
        self._turn, self.count, self._running = turn, 0, True
        _current.append(self)
        try:
            with patch("os.fsync", self._flush):
                yield
        finally:
            _current.remove(self)
            self._running = False

    @property
    def failed(self) -> bool:
        """Whether there was an operation of that number."""
        return self.count > self._turn

    def operation(self) -> None:
        """Count one operation.

        Raises:
            OSError: it is its turn to fail.
        """
        turn, self.count = self.count, self.count + 1
        if turn == self._turn:
            raise OSError(5, "a crash in a test")

    def _flush(self, descriptor: int) -> None:
        self.operation()
        self._fsync(descriptor)


_current: list[Crashes] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _current and event in _OPERATIONS and not str(arguments[0]).endswith(_CODE):
        _current[-1].operation()


sys.addaudithook(_hear)  # it can't be removed again: it does nothing outside `failing`
