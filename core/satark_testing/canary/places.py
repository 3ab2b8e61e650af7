"""Everything that a running installation wrote or shows: files, rows, logs, metrics, processes, exports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from satark_testing.identifier_search import everything_written, files_below
from satark_testing.installation import Installation

_PROCESS_FILES: Final = ("cmdline", "environ", "comm", "status", "limits")
"""Of /proc/PID; `maps` tells of no content."""


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
    """Read what any user of the machine can see of the service's processes and those that they started."""
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
    """Return when each file of a folder, and the folder of evidence, was changed: relative path → Unix seconds."""
    found = {}
    for path in folder.rglob("*"):
        try:
            if path.is_dir() and path.name != "evidence":
                continue
            found[os.fspath(path.relative_to(folder))] = path.stat().st_mtime
        except FileNotFoundError:
            continue
    return found
