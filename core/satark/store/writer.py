"""Writer: the one thread of a process that writes; many writes share a transaction (group commit).

The event loop collects the waiting writes and hands the thread one list at a time. A queue of single writes would
contend for the interpreter lock (measured: 0.64 of the speed without a store, against 0.85 with lists). With disks that
really flush (4 ms), one commit per message has 0.09 of the speed of group commit.

The thread waits for locks and disks. On SQLite turns run on the event loop meanwhile, on PostgreSQL in the thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from satark.store.engines import is_database_fault
from satark.store.unit_of_work import Connections, UnitOfWork

T = TypeVar("T")
Write = Callable[[UnitOfWork], T]
Around: TypeAlias = Callable[[Connection], AbstractContextManager[None]]
"""A context around a transaction's writes to the main database, up to its commit."""

SOON_SECONDS = 0.05
"""Seconds that a write whose result nobody awaits may wait for other writes, to share their transaction."""
_UNCHANGED: Final = 2
"""Number of iterations of the event loop without a new write after which a transaction begins."""
_MOST_ITERATIONS: Final = 50
"""Number of iterations of the event loop after which a transaction begins in any case."""


class StoreDown(Exception):  # noqa: N818 - it reads as what it says
    """The database can't be reached or written now, or too many writes wait for it. Nothing was written."""


class Bounds(NamedTuple):
    """Limits of the writes that may wait, and of the writes in one transaction."""

    batch: int = 256
    """Most writes in one transaction."""
    share: int = 32
    """Most messages of one sender in a transaction, if messages of other senders wait."""
    waiting: int = 20_000
    """Most messages that wait."""
    of_sender: int = 2_000
    """Most messages of one sender that wait."""


class Waits(Protocol):
    @property
    def sender(self) -> bytes:
        """The sender of the message that is written; empty if this writes no message."""


W = TypeVar("W", bound=Waits)


class WaitingWrites(Generic[W]):
    """The writes that wait, in the order in which they came."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._writes: list[W] = []
        self._of_sender: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._writes)

    def add(self, write: W) -> bool:
        """Add a write. Return False if it is a message, and too many of its sender or of all senders wait already."""
        if write.sender:
            of_sender = self._of_sender[write.sender]
            if of_sender >= self._bounds.of_sender or len(self._writes) >= self._bounds.waiting:
                return False
            self._of_sender[write.sender] = of_sender + 1
        self._writes.append(write)
        return True

    def take(self) -> Sequence[W]:
        """Take the writes of the next transaction: all if they fit, else at most a share of each sender's."""
        if len(self._writes) <= self._bounds.batch:
            taken, self._writes = self._writes, []
            self._of_sender.clear()
            return taken
        taken, left = self._shared_out()
        self._writes = left
        self._of_sender.subtract(write.sender for write in taken if write.sender)
        self._of_sender += Counter()  # which drops those that have nothing left
        return taken

    def _shared_out(self) -> tuple[list[W], list[W]]:
        taken: list[W] = []
        left: list[W] = []
        shares: Counter[bytes] = Counter()
        for write in self._writes:
            fits = len(taken) < self._bounds.batch
            if fits and (not write.sender or shares[write.sender] < self._bounds.share):
                shares[write.sender] += bool(write.sender)
                taken.append(write)
            else:
                left.append(write)
        if len(+shares) == 1:  # nobody else waits
            room = self._bounds.batch - len(taken)
            taken, left = [*taken, *left[:room]], left[room:]
        return taken, left


_USUAL = Bounds()


class GroupedWrite(Protocol):
    """Writes many items of one kind together. The items are turns."""

    def __call__(self, unit: UnitOfWork, items: Sequence[Any], /) -> Sequence[Any]:
        """Write the items; return one result or exception per item, in order."""


class Writer:
    """Runs writes of the event loop in order and in batches, on a thread of its own."""

    def __init__(
        self,
        main: Engine,
        keys: Engine,
        *,
        grouped: GroupedWrite | None = None,
        bounds: Bounds = _USUAL,
        around: Around = lambda _: nullcontext(),
    ) -> None:
        self._around = around
        self._connections = Connections(main, keys)
        self._grouped = grouped
        self._is_sqlite = main.dialect.name == "sqlite"
        self._waiting: WaitingWrites[_Job] = WaitingWrites(bounds)
        self._busy = False
        self._scheduled = False
        self._later: asyncio.TimerHandle | None = None
        self._is_awaited = False
        """Whether somebody awaits the result of a waiting write."""
        self._closed = False
        self._ready = threading.Semaphore(0)
        self._current: Sequence[_Job] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.held = False
        """Whether every write fails as if the database were down: the process has not checked the database yet."""
        self._thread = threading.Thread(target=self._run, name="satark-writer", daemon=True)

    def start(self) -> None:
        """Start the thread. Call this in the event loop that will use the writer."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Run the waiting writes, then end the thread."""
        while self._busy or self._waiting:
            await self.write(_nothing)
        self._closed = True
        self._ready.release()
        await asyncio.to_thread(self._thread.join)

    async def write(self, write: Write[T]) -> T:
        """Run one write and return its result.

        Raises:
            StoreDown: the database can't be written now.
            Exception: what the write itself raises. Only this write is rolled back.
        """
        written: asyncio.Future[T] = self._running_loop().create_future()
        self._queue(_Job(write, written=written))
        return await written

    async def write_grouped(self, item: object, sender: bytes = b"") -> Any:
        """Write one item with the `GroupedWrite`, with other waiting items: at most a share of `sender`'s.

        Raises:
            StoreDown: the database can't be written now, or too many items wait for it.
            Exception: what the `GroupedWrite` returned for this item.
        """
        written: asyncio.Future[Any] = self._running_loop().create_future()
        self._queue(_Job(item, grouped=True, sender=sender, written=written))
        return await written

    def write_soon(self, write: Write[Any]) -> None:
        """Run a write with the next batch, at the latest after `SOON_SECONDS`; nobody waits for its result."""
        self._queue(_Job(write))

    def _queue(self, job: _Job) -> None:
        if not self._waiting.add(job):
            raise StoreDown("too many messages wait to be written")
        self._is_awaited = self._is_awaited or job.written is not None
        self._plan()

    def _plan(self) -> None:
        if self._busy or not self._waiting:
            return
        if not self._is_awaited:
            self._later = self._later or self._running_loop().call_later(SOON_SECONDS, self._hand_over)
        elif not self._scheduled:
            self._scheduled = True
            self._gather(known=0, unchanged=0, left=_MOST_ITERATIONS)

    def _gather(self, known: int, unchanged: int, left: int) -> None:
        """Begin the transaction once the event loop has read all messages that have come.

        On SQLite the loop runs the turns and reads nothing meanwhile. Messages left in the sockets would need another
        transaction, which costs as much as a turn (measured: a message would cost a tenth more).
        """
        waiting = len(self._waiting)
        unchanged = unchanged + 1 if waiting == known else 0
        if unchanged >= _UNCHANGED or not left:
            self._scheduled = False
            self._hand_over()
        else:
            self._running_loop().call_soon(self._gather, waiting, unchanged, left - 1)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the writer is not started")
        return self._loop

    def _hand_over(self) -> None:
        if self._busy or not self._waiting:
            return
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._busy = True
        self._current = self._waiting.take()
        self._is_awaited = bool(self._waiting)
        self._ready.release()

    def _run(self) -> None:
        while True:
            self._ready.acquire()
            if self._closed:
                self._connections.close()
                return
            jobs = self._current
            try:
                self._commit(jobs)
            except StoreDown as down:
                _refuse(jobs, down)
            except Exception:  # noqa: BLE001 - one bad write must not fail the others
                self._one_by_one(jobs)
            self._running_loop().call_soon_threadsafe(self._resolve, jobs)

    def _resolve(self, jobs: Sequence[_Job]) -> None:
        self._busy = False
        for job in jobs:
            job.resolve()
        self._plan()

    def _one_by_one(self, jobs: Sequence[_Job]) -> None:
        for at, job in enumerate(jobs):
            try:
                self._commit([job])
            except StoreDown as down:
                _refuse(jobs[at:], down)
                return
            except Exception as error:  # noqa: BLE001 - it is raised to the caller that waits for this write
                if is_database_fault(error):
                    _refuse(jobs[at:], _down())
                    return
                # Its traceback holds the whole batch, in a cycle.
                job.result = error.with_traceback(None)

    def _commit(self, jobs: Sequence[_Job]) -> None:
        on_loop = self._is_sqlite and any(job.grouped for job in jobs)
        with self._begin(locks_keys=on_loop) as unit:
            if on_loop:
                self._write_on_loop(unit, jobs)
            else:
                self._write(unit, jobs)

    def _write_on_loop(self, unit: UnitOfWork, jobs: Sequence[_Job]) -> None:
        """Write on the event loop while this thread waits. This thread holds SQLite's locks, so the loop never waits.

        Two busy threads take the interpreter's lock from each other at every statement (measured: 1,030 messages a
        second, against 1,160 in one thread). This thread does the waiting for locks and disk, which can take long.
        """

        async def write() -> None:
            self._write(unit, jobs)

        asyncio.run_coroutine_threadsafe(write(), self._running_loop()).result()

    def _write(self, unit: UnitOfWork, jobs: Sequence[_Job]) -> None:
        with self._around(unit.main):
            grouped = [job for job in jobs if job.grouped]
            if grouped and self._grouped is not None:
                results = self._grouped(unit, [job.work for job in grouped])
                for job, result in zip(grouped, results, strict=True):
                    job.result = result
            for job in jobs:
                if not job.grouped:
                    job.result = job.work(unit)
            unit.finish()

    @contextmanager
    def _begin(self, *, locks_keys: bool) -> Iterator[UnitOfWork]:
        """Begin a transaction. If this fails, no write is at fault: the store is down."""
        if self.held:
            raise _down()
        with ExitStack() as stack:
            try:
                unit = stack.enter_context(self._connections.transaction())
                if locks_keys:
                    _ = unit.keys
            except SQLAlchemyError:
                raise _down() from None
            yield unit


def _down() -> StoreDown:
    return StoreDown("the database can't be written now")


def _refuse(jobs: Sequence[_Job], down: StoreDown) -> None:
    """Let all waiting writes fail, since each would run into the same timeout."""
    for job in jobs:
        job.result = down


def _nothing(_unit: UnitOfWork) -> None:
    """Write nothing. Once this has run, all writes queued before it have run too."""


class _Job:
    __slots__ = ("grouped", "result", "sender", "work", "written")

    def __init__(
        self, work: Any, *, grouped: bool = False, sender: bytes = b"", written: asyncio.Future[Any] | None = None
    ) -> None:
        self.work = work
        self.sender = sender
        self.grouped = grouped
        self.written = written
        self.result: Any = None

    def resolve(self) -> None:
        if self.written is None or self.written.done():
            return
        if isinstance(self.result, BaseException):
            self.written.set_exception(self.result)
        else:
            self.written.set_result(self.result)


class WriteBatcher(Generic[T]):
    """Joins small writes of one kind, whose results nobody awaits, into one write per iteration of the event loop."""

    def __init__(self, writer: Writer, write: Callable[[UnitOfWork, list[T]], None]) -> None:
        self._writer = writer
        self._write = write
        self._items: list[T] = []

    def add(self, item: T) -> None:
        self._items.append(item)
        if len(self._items) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        items, self._items = self._items, []
        self._writer.write_soon(lambda unit: self._write(unit, items))
