"""Reads everything that a running installation wrote or shows: files, rows, logs, metrics, processes, exports."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import MetaData, make_url, select
from sqlalchemy.exc import DBAPIError

from satark.store.engines import make_engine
from satark_testing.identifier_search import everything_written, files_below
from satark_testing.installation import Installation

_PROCESS_FILES: Final = ("cmdline", "environ", "comm", "status", "limits")
"""Files in /proc/PID that are read. `maps` is not among them, since it shows no content."""


def database_urls(installation: Installation) -> tuple[str, str]:
    """Return the URLs of both databases."""
    environment, folder = installation.service.environment, installation.service.folder
    given = [environment.get(f"SATARK_{name}") for name in ("DATABASE_URL", "KEYS_URL")]
    main, keys = (url or f"sqlite:///{folder / name}.db" for url, name in zip(given, ("satark", "keys"), strict=True))
    return main, keys


def written(installation: Installation, temporary: Path) -> dict[str, bytes]:
    """Read everything on disk and in shared memory: databases, data folder, log, temporary folder."""
    service = installation.service
    found = everything_written(service.folder, service.log, *database_urls(installation))
    return found | files_below(temporary)


def processes(installation: Installation) -> dict[str, bytes]:
    """Read what any user of the machine can see of the service's process and its child processes."""
    found: dict[str, bytes] = {}
    for pid in _family(installation.service.pid):
        found |= files_of_process(pid)
    return found


def files_of_process(pid: int) -> dict[str, bytes]:
    """Read what the system shows of a process: its command line, environment, name and status."""
    found = {}
    for name in _PROCESS_FILES:
        try:
            found[f"/proc/PID/{name} of {pid}"] = Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            continue
    return found


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(one := waiting.pop())
        waiting += parents.get(one, [])
    return found


def sqlite_files(urls: tuple[str, str]) -> dict[str, bytes]:
    """Read the files of SQLite databases, the write-ahead logs included; nothing for PostgreSQL."""
    databases = [Path(path) for url in urls if url.startswith("sqlite") and (path := make_url(url).database)]
    return files_below(*(file for database in databases for file in database.parent.glob(f"{database.name}*")))


def times_of_files(folder: Path) -> dict[str, float]:
    """Return when each file of a folder, and its evidence folder, was changed: relative path → Unix seconds."""
    found = {}
    for path in folder.rglob("*"):
        try:
            if path.is_dir() and path.name != "evidence":
                continue
            found[os.fspath(path.relative_to(folder))] = path.stat().st_mtime
        except FileNotFoundError:
            continue
    return found


TABLES: Final = ("conversation", "alias", "outbox", "provider_message", "handoff_code")
"""The tables whose rows are deleted when a session ends or a reply is sent."""
_EVERY_SECONDS: Final = 0.2
_SHORTEST: Final = 16
_SLICE: Final = slice(16, 40)
"""The part of a value that is searched for. A long value may be split over several pages of SQLite."""


class DeletedRows:
    """Records the values of rows while they exist, and finds the values that remain after a row was deleted.

    Args:
        urls: the URLs of both databases. Only the files of SQLite can be searched.
    """

    def __init__(self, urls: tuple[str, str]) -> None:
        self._urls = urls
        self._seen: dict[bytes, str] = {}

    async def watch(self) -> None:
        """Read the tables repeatedly until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_EVERY_SECONDS)

    def look(self) -> None:
        """Read the tables once."""
        for table, value in self._values(self._urls[:1], TABLES):
            self._seen.setdefault(value, table)

    @property
    def seen(self) -> bytes:
        """Every value that was read, including the values of rows that were deleted since."""
        return b"\n".join(self._seen)

    def left(self) -> list[str]:
        """Return one sentence for each table and file that still holds a value of a deleted row."""
        live = {value for _, value in self._values(self._urls)}
        gone = {_part(value): table for value, table in self._seen.items() if value not in live}
        gone = {part: table for part, table in gone.items() if not any(part in value for value in live)}
        if not gone:
            return []
        finder, tables = BytesAhoCorasick(list(gone)), list(gone.values())
        return sorted(
            {
                f"a deleted row of {tables[index]} in {Path(file).name}"
                for file, content in sqlite_files(self._urls).items()
                for index, _, _ in finder.find_matches_as_indexes(content, overlapping=True)
            }
        )

    def _values(self, urls: Collection[str], wanted: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        for url in urls:
            engine = make_engine(url)
            try:
                metadata = MetaData()
                metadata.reflect(engine)
                with engine.connect() as connection:
                    for table in metadata.sorted_tables:
                        if not wanted or table.name in wanted:
                            for row in connection.execute(select(table)):
                                yield from ((table.name, bytes(v)) for v in row if _is_content(v))
            except DBAPIError:
                continue  # it is busy: the next look reads it
            finally:
                engine.dispose()


def _is_content(value: object) -> bool:
    return isinstance(value, bytes | memoryview) and len(value) >= _SHORTEST


def _part(value: bytes) -> bytes:
    return value[_SLICE] if len(value) >= _SLICE.stop else value
