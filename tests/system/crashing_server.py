"""`satark serve` that kills itself (SIGKILL) at a named point of its work; tests start it as a process of its own.

The point and the number of the turn come from the environment: CRASH_AT, CRASH_ON. The point `after delivery` is when
a destination of the sink CRASH_SINK took something, and before that is noted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from satark.cli.main import cli
from satark.delivery.worker import DeliveryWorker
from satark.ingest.ingest import Ingest
from satark.outbox.worker import ReplyWorker
from satark.store.unit_of_work import UnitOfWork


class _Fuse:
    """Burns a little at each turn that reaches the point, and kills the process at the chosen one."""

    def __init__(self, left: int) -> None:
        self._left = left

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _arm(point: str, fuse: _Fuse) -> None:
    if point == "after receipt":
        _before(Ingest, "ingest", fuse)
    elif point in ("before commit", "after commit"):
        _around_commit(fuse, after=point == "after commit")
    elif point == "after send":
        _before(ReplyWorker, "_settle", fuse)
    elif point == "after delivery":
        _before(DeliveryWorker, "_settle", fuse, lambda _id, _delivery, sink, _result: sink == os.environ["CRASH_SINK"])


def _before(owner: type, name: str, fuse: _Fuse, counts: Callable[..., bool] = lambda *_: True) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def burning(self: object, *arguments: Any, **named: Any) -> Any:
        if counts(*arguments):
            fuse.burn()
        return original(self, *arguments, **named)

    setattr(owner, name, burning)


def _around_commit(fuse: _Fuse, *, after: bool) -> None:
    original = UnitOfWork.finish

    def burning(self: UnitOfWork) -> None:
        takes_turns = getattr(self, "takes_turns", False)
        if takes_turns and not after:
            fuse.burn()
        original(self)
        if takes_turns and after:
            fuse.burn()

    insert_new = UnitOfWork.insert_new

    def noticing(self: UnitOfWork, table: Any, *arguments: Any) -> Any:
        if table.name == "seen":
            self.takes_turns = True  # type: ignore[attr-defined]
        return insert_new(self, table, *arguments)

    UnitOfWork.insert_new = noticing  # type: ignore[assignment, method-assign]
    UnitOfWork.finish = burning  # type: ignore[method-assign]


if __name__ == "__main__":
    _arm(os.environ.get("CRASH_AT", ""), _Fuse(int(os.environ.get("CRASH_ON", "1"))))
    cli(["serve", *sys.argv[1:]])
