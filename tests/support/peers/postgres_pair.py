"""A PostgreSQL primary and its streaming standby: each commit is on both, and the standby takes over."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from satark_testing.processes.service import free_port
from satark_testing.waiting import until
from support.peers.postgres_cluster import make_data, run_program, signal_server

_SYNCHRONOUS: Final = "synchronous.conf"
_SETTINGS: Final = (
    *("listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "max_connections = 300"),
    *("fsync = off", f"include_if_exists '{_SYNCHRONOUS}'"),  # no test cuts the machine's power
)


class Pair:
    """Two servers in a folder. Their clients name both, and ask for the one that can be written."""

    def __init__(self, folder: Path) -> None:
        self._data = [folder / "first", folder / "second"]
        self._ports = [free_port(), free_port()]
        self._primary = 0
        make_data(self._data[0], _SETTINGS)

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self._ports)
        return f"postgresql+psycopg://postgres@/{name}?{hosts}&target_session_attrs=read-write"

    def start(self) -> None:
        """Start the primary. It has no standby yet."""
        self._start(self._primary)

    async def join(self) -> None:
        """Make a standby of the primary's data, and let no commit be done without it."""
        standby, port = 1 - self._primary, str(self._ports[self._primary])
        to = self._data[standby]
        with suppress(FileNotFoundError):
            shutil.rmtree(to)
        source = ("--host", "127.0.0.1", "--port", port, "--username", "postgres", "--checkpoint", "fast")
        run_program("pg_basebackup", "--pgdata", to, "--write-recovery-conf", "--no-sync", *source)
        (to / _SYNCHRONOUS).unlink(missing_ok=True)
        self._start(standby)
        await until(lambda: self._standby_is("streaming"), every=0.1)
        (self._data[self._primary] / _SYNCHRONOUS).write_text("synchronous_standby_names = '*'\n")
        self.execute("SELECT pg_reload_conf()")
        await until(lambda: self._standby_is("sync"), every=0.1)

    async def fail_over(self) -> None:
        """Kill the primary with all its processes, promote the standby, and make a standby of what was the primary."""
        signal_server(self._data[self._primary], signal.SIGKILL)
        self._primary = 1 - self._primary
        run_program("pg_ctl", "promote", "--wait", "--pgdata", self._data[self._primary])
        await self.join()

    def stop(self) -> None:
        """Kill both."""
        for data in self._data:
            signal_server(data, signal.SIGKILL)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement at the primary, outside a transaction; return its rows."""
        port = self._ports[self._primary]
        with psycopg.connect(host="127.0.0.1", port=port, user="postgres", autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def _standby_is(self, state: str) -> bool:
        rows = self.execute("SELECT state, sync_state FROM pg_stat_replication WHERE application_name = 'walreceiver'")
        return any(state in row for row in rows)

    def _start(self, number: int) -> None:
        data, options = self._data[number], f"-p {self._ports[number]}"
        log = data.with_suffix(".log")
        run_program("pg_ctl", "start", "--wait", "--pgdata", data, "--log", log, "--options", options)


@contextmanager
def postgres_pair() -> Iterator[Pair]:
    """Yield a pair that was not started. It ends with the block, and its files are deleted."""
    with TemporaryDirectory(prefix="satark-pair-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        pair = Pair(Path(folder))
        try:
            yield pair
        finally:
            pair.stop()
