"""Runs `satark serve`, and kills it (SIGKILL) at a named point. Tests start it as a separate process.

The environment variable CRASH_AT names the point, CRASH_ON the number of the turn. The point `after delivery` lies
between a destination of the sink CRASH_SINK accepting a delivery and the result being stored.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from satark.api.routing import Destination
from satark.cli.main import cli
from satark.delivery.worker import DeliveryWorker
from satark.ingest.ingest import Ingest
from satark.outbox.worker import ReplyWorker
from satark.store.unit_of_work import UnitOfWork


class _CrashCounter:
    """Counts how often the process reaches the point, and kills it at the chosen count."""

    def __init__(self, left: int) -> None:
        self._left = left

    def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _patch(point: str, counter: _CrashCounter) -> None:
    if point == "after receipt":
        _patch_before(Ingest, "receive", counter)
    elif point in ("before commit", "after commit"):
        _patch_commit(counter, after=point == "after commit")
    elif point == "after send":
        _patch_before(ReplyWorker, "_settle", counter)
    elif point == "after delivery":
        is_of = lambda _id, delivery, _result: Destination(delivery.destination).sink == os.environ["CRASH_SINK"]  # noqa: E731
        _patch_before(DeliveryWorker, "_settle", counter, is_of)


def _patch_before(
    owner: type, name: str, counter: _CrashCounter, applies: Callable[..., bool] = lambda *_: True
) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def counting(self: object, *arguments: Any, **keywords: Any) -> Any:
        if applies(*arguments):
            counter.count()
        return original(self, *arguments, **keywords)

    setattr(owner, name, counting)


def _patch_commit(counter: _CrashCounter, *, after: bool) -> None:
    original = UnitOfWork.commit

    def commit(self: UnitOfWork) -> None:
        is_turn = getattr(self, "is_turn", False)
        if is_turn and not after:
            counter.count()
        original(self)
        if is_turn and after:
            counter.count()

    insert_new = UnitOfWork.insert_new

    def marking(self: UnitOfWork, table: Any, *arguments: Any) -> Any:
        if table.name == "seen":
            self.is_turn = True  # type: ignore[attr-defined]
        return insert_new(self, table, *arguments)

    UnitOfWork.insert_new = marking  # type: ignore[assignment, method-assign]
    UnitOfWork.commit = commit  # type: ignore[method-assign]


if __name__ == "__main__":
    _patch(os.environ.get("CRASH_AT", ""), _CrashCounter(int(os.environ.get("CRASH_ON", "1"))))
    cli(["serve", *sys.argv[1:]])
