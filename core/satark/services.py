"""What the host lends to sinks and pages: the store, and the folders. Channels get none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from satark.store.engines import for_reading
from satark.store.unit_of_work import UnitOfWork, unit_of_work

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from satark.destination import DestinationRule
    from satark.geography.geography import Geography
    from satark.ingest.drafts import Drafts
    from satark.ingest.reception import Reception
    from satark.store.writer import Writer
    from satark.transcriber import Transcriber

T = TypeVar("T")


class Services:
    """The store as plugins may use it. Every method is synchronous but `write`; call the others from a thread."""

    def __init__(
        self,
        *,
        main: Engine,
        keys: Engine,
        evidence_dir: Path,
        geography: Geography,
        destination_rules: Sequence[DestinationRule] = (),
        destination_wait: int = 0,
    ) -> None:
        self.main = main
        self.keys = keys
        self.evidence_dir = evidence_dir
        self.geography = geography
        self.destination_rules = tuple(destination_rules)
        """Where tips go beyond the desks."""
        self.destination_wait = destination_wait
        """Most seconds that a forwarded tip waits for its files."""
        self.writer: Writer | None = None
        """The process's writer, once it runs; commands have none."""
        self.reception: Reception | None = None
        """The way in for a page that takes tips; there in processes of the web and worker roles."""
        self.drafts: Drafts | None = None
        """Unfinished tips, for such a page to show them; there in the same processes."""
        self.transcribers: Sequence[Transcriber] = ()
        """Offline speech recognisers, in a process that runs the desk role."""
        self._reading, self._reading_keys = for_reading(main), for_reading(keys)

    def close(self) -> None:
        """Give the databases' connections back."""
        self.main.dispose()
        self.keys.dispose()

    def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the main database, on a connection of its own; all that it reads is of one moment."""
        with self._reading.connect() as connection:
            return query(connection)

    def read_keys(self, query: Callable[[Connection], T]) -> T:
        """Run a query on the key store, likewise."""
        with self._reading_keys.connect() as connection:
            return query(connection)

    def write_now(self, write: Callable[[UnitOfWork], T]) -> T:
        """Carry out a write in a transaction of its own, in this thread: for commands."""
        with unit_of_work(self.main, self.keys) as unit:
            return write(unit)

    async def write(self, write: Callable[[UnitOfWork], T]) -> T:
        """Carry out a write with the process's next batch.

        Raises:
            StoreDown: the database can't be written now.
        """
        if self.writer is None:
            raise RuntimeError("this process has no writer: use write_now")
        return await self.writer.write(write)
