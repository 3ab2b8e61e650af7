"""Stored flows: give the engine of the flow in use, and of each older flow to which a running session is pinned."""

from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection, select

from satark.dialogue.engine import Engine
from satark.store.tables import flow as table
from satark.store.unit_of_work import UnitOfWork


class Flows:
    """Finds the engine of a session's flow. `build` makes an engine from a flow's canonical form."""

    def __init__(self, current: Engine, build: Callable[[bytes], Engine]) -> None:
        self.current = current
        self._build = build
        self._engines = {current.flow.hash: current}

    def store_current(self, unit: UnitOfWork) -> None:
        """Store the flow in use, for the sessions that will be pinned to it."""
        row = {"hash": self.current.flow.hash, "canonical": self.current.flow.canonical}
        unit.insert_new(table, [row], "hash")

    def engine(self, connection: Connection, hash_: str | None) -> Engine:
        """Return the engine of a session's flow; if it has none, or one that is not stored, of the flow in use."""
        if hash_ is None:
            return self.current
        found = self._engines.get(hash_)
        return found or self._engines.setdefault(hash_, self._load(connection, hash_))

    def _load(self, connection: Connection, hash_: str) -> Engine:
        canonical = connection.execute(select(table.c.canonical).where(table.c.hash == hash_)).scalar()
        if canonical is None or sha256(canonical).hexdigest() != hash_:
            return self.current
        return self._build(canonical)
