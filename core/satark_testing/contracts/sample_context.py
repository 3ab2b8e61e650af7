"""The context of sinks in tests: it opens the kit's tips, and keeps what a sink writes and posts."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp
from threading import RLock
from typing import Any, Final, NamedTuple, TypeVar, cast
from weakref import WeakValueDictionary, finalize

from sqlalchemy import Column, Connection

from satark.api.sealing import recipient_of
from satark.api.services import Branch, UnitOfWork, WorkerContext
from satark.api.sink import Delivery, ReadableTip
from satark.api.tip import Envelope, Message
from satark.casework.errors import NoSuchTip
from satark.delivery.destination_reader import DestinationReader, OpenedDelivery
from satark.services import Services
from satark.settings.settings import Settings
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.sealed_files import StoredForm, open_sealed
from satark.store.unit_of_work import unit_of_work
from satark.store.workspace import workspace_dir
from satark.store.writer import StoreDown
from satark_testing.contracts.crashes import OPENED
from satark_testing.contracts.rules import BrokenRule
from satark_testing.contracts.sample_tips import KNOWN
from satark_testing.contracts.watching import not_in_the_event_loop
from satark_words.geography.geography import Geography

T = TypeVar("T")


def sample_context(identity: str, branches: Sequence[Branch] = ()) -> WorkerContext:
    """Return a context for tests of a sink. Contexts with the same `identity` share one empty store.

    Args:
        identity: the private half of the case's `recipient`; see `satark.api.new_identity`.
        branches: the plugin's own tables, as its hook `satark_migrations` returns them.
    """
    return cast("WorkerContext", _Context(identity, branches))


class Posted(NamedTuple):
    """A message that a sink posted to a tip."""

    tip: str
    to: str
    """The destination whose reader found the tip."""
    message: Message


class SampleStore:
    """A host's store with the tables of a plugin. It is made at its first use, which blocks."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self.posted: list[Posted] = []
        """All messages of committed transactions, in order."""
        self.fails_in: int | None = None
        """Number of transactions until one fails; None: none does."""
        self.asked = 0
        """Number of reads and writes of the plugin."""
        self._branches, self._lock = branches, RLock()
        self._services: Services | None = None
        self._staged: list[Posted] | None = None

    @property
    def services(self) -> Services:
        """The services of the host."""
        with self._lock:
            if self._services is None:
                folder = Path(mkdtemp(dir=workspace_dir(Path(gettempdir()))))
                settings = Settings(data_dir=folder)
                main, keys = make_engine(settings.database_url), make_engine(settings.keys_url)
                self._services = Services(settings, main=main, keys=keys, geography=Geography.sample())
                Migrations(main, keys, self._branches).upgrade()
                self._remove = finalize(self, _remove, self._services, folder)
            return self._services

    def write(self, write: Callable[[Any], T]) -> T:
        """Run a write in its own transaction.

        Raises:
            StoreDown: the transaction is the one that fails.
        """
        with self._lock, unit_of_work(self.services.main, self.services.keys) as unit:
            self._staged = []
            try:
                written = write(unit)
                unit.finish()
                if self.fails_in is not None:
                    self.fails_in -= 1
                    if self.fails_in < 0:
                        self.fails_in = None
                        raise StoreDown("a crash in a test")
                self.posted += self._staged
            finally:
                self._staged = None
        return written

    def rows(self) -> list[tuple[Column[Any], Any]]:
        """Return each value in the plugin's own tables, with its column."""
        tables = [
            table for branch in self._branches if branch.tables is not None for table in branch.tables.sorted_tables
        ]
        rows = self.services.read(lambda one: [(table, row) for table in tables for row in one.execute(table.select())])
        return [pair for table, row in rows for pair in zip(table.columns, row, strict=True)]

    def post(self, posted: Posted) -> None:
        """Post a message in the present transaction."""
        if self._staged is None:
            raise BrokenRule("S48", "an answer", "`post` is called outside the write that its unit belongs to")
        self._staged.append(posted)

    def close(self) -> None:
        """Remove the store."""
        with self._lock:
            if self._services is not None:
                self._remove()
                self._services = None


def _remove(services: Services, folder: Path) -> None:
    services.close()
    rmtree(folder, ignore_errors=True)


_STORES: Final[WeakValueDictionary[str, SampleStore]] = WeakValueDictionary()


def store_of(recipient: str) -> SampleStore | None:
    """Return the store of the contexts that open tips sealed to `recipient`; None: there is no such context."""
    return _STORES.get(recipient)


class _Context:
    def __init__(self, identity: str, branches: Sequence[Branch]) -> None:
        self._identity = identity
        recipient = recipient_of(identity) if identity else ""
        self._store = _STORES.setdefault(recipient, SampleStore(branches))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store.services, name)

    def reader(self, to: str) -> "_Reader":
        return _Reader(to, self._identity, self._store)

    def read(self, query: Callable[[Connection], T]) -> T:
        not_in_the_event_loop("S13", "read")
        self._store.asked += 1
        return self._store.services.read(query)

    def write_now(self, write: Callable[[Any], T]) -> T:
        not_in_the_event_loop("S13", "write_now")
        return self._store.write(write)

    async def write(self, write: Callable[[Any], T]) -> T:
        return await asyncio.to_thread(self._store.write, write)


class _Reader(DestinationReader):
    def __init__(self, to: str, identity: str, store: SampleStore) -> None:
        self.to, self._identity, self._store = to, identity, store

    def open(self, delivery: Delivery) -> OpenedDelivery:
        not_in_the_event_loop("S13", "reader.open")
        opened = super().open(delivery)
        sys.audit(OPENED)  # deliveries that are made at once meet here
        return opened

    def find(self, number: str) -> Any:
        not_in_the_event_loop("S13", "reader.find")
        if (self.to, number) not in KNOWN:
            raise NoSuchTip
        return _FoundTip(self._store, self.to, *KNOWN[self.to, number])

    def _is_listed(self) -> bool:
        return True

    def read(self, envelope: Envelope, key: str, ordinal: str, sealed: StoredForm, expected: str) -> Iterator[bytes]:
        workspace = workspace_dir(Path(gettempdir()))
        return open_sealed(sealed, envelope.identity, workspace, expected)


class _FoundTip:
    def __init__(self, store: SampleStore, to: str, tip: str, content: ReadableTip) -> None:
        self._store, self._to, self.id, self.content = store, to, tip, content

    def clean(self, ordinal: str) -> Iterator[bytes]:
        raise NoSuchTip

    def post(self, unit: UnitOfWork, message: Message) -> None:
        self._store.post(Posted(self.id, self._to, message))
