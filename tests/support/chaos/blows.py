"""The faults: each one affects a running installation from outside, and ends after a moment."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import psycopg
from sqlalchemy import make_url
from starlette.responses import PlainTextResponse

from satark_testing.installation import Installation
from satark_testing.waiting import until
from support.processes.forked import CLOCK

KILL: Final = "kill -9"
JUMP: Final = "clock jump"
_JUMP: Final = 1500
_MOMENT: Final = (0.3, 1.5)
"""Minimum and maximum duration of a fault, in seconds."""


class Blows:
    """Causes faults in an installation.

    Args:
        installation: the installation that gets the faults.
        database: the main database's URL, plain `postgresql://` or `sqlite://`.
        seed: of the random choice of faults.
    """

    def __init__(self, installation: Installation, database: str, seed: int) -> None:
        self._installation, self._service = installation, installation.service
        self._url = make_url(database)
        self._chance = random.Random(seed)
        self.counts: Counter[str] = Counter()

    @property
    def kinds(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """All faults, by the name that is printed."""
        return {
            KILL: self._kill,
            JUMP: self._jump,
            "SIGSTOP": self._stop,
            "disk full": self._fill_disk,
            "database away": self._take_database_away,
            "Meta 429": self._throttle,
            "Meta 5xx": self._fail,
            "half answers": self._hang_up,
        }

    async def strike(self, kind: str) -> None:
        """Cause one fault, and wait until it is over."""
        await self.kinds[kind]()
        self.counts[kind] += 1
        self.counts[KILL] += kind == JUMP

    async def _kill(self) -> None:
        await self._service.kill()
        await until(self._is_free)  # its workers end with it, a moment later
        await self._service.start()

    def _is_free(self) -> bool:
        try:
            socket.create_server(("127.0.0.1", self._service.port)).close()
        except OSError:
            return False
        return True

    async def _jump(self) -> None:
        """Kill the process and start it with its clock up to 25 minutes off."""
        self._service.environment[CLOCK] = str(self._chance.randint(-_JUMP, _JUMP))
        await self._kill()

    async def end_jumps(self) -> None:
        """Start the process with a clock later than all before, so that everything it postponed is due."""
        self._service.environment[CLOCK] = str(2 * _JUMP)
        await self._kill()

    async def _stop(self) -> None:
        os.kill(self._service.pid, signal.SIGSTOP)
        await self._moment()
        os.kill(self._service.pid, signal.SIGCONT)

    async def _fill_disk(self) -> None:
        """Let no file of the process grow, so that appending fails as on a full disk."""
        limits = resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        await self._moment()
        resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE, limits)

    async def _take_database_away(self) -> None:
        """End all connections and refuse new ones. An SQLite database is locked instead."""
        if self._url.get_backend_name() == "sqlite":
            await asyncio.to_thread(self._lock_sqlite, self._seconds())
            return
        name = self._url.database
        server = self._url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(server, autocommit=True) as admin:
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            await self._moment()
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())

    def _lock_sqlite(self, seconds: float) -> None:
        connection = sqlite3.connect(str(self._url.database), timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            signal.sigtimedwait([], seconds)
        finally:
            connection.close()

    async def _throttle(self) -> None:
        self._installation.peer.faults.fail_next(130429, times=3)

    async def _fail(self) -> None:
        self._installation.peer.faults.answer_next(PlainTextResponse("Bad gateway", 502), times=3)

    async def _hang_up(self) -> None:
        self._installation.peer.faults.hang_up_next(times=2)

    def _seconds(self) -> float:
        return self._chance.uniform(*_MOMENT)

    async def _moment(self) -> None:
        await asyncio.sleep(self._seconds())
