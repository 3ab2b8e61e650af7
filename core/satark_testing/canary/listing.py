"""Lists the data that observers of an installation can see: rows, files, the log, metrics and processes."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from satark.identity.time_buckets import BAND_HOURS
from satark_testing.canary.telling import Value
from satark_testing.identifier_search import Tables
from satark_testing.installation import Installation

_PROCESS_FILES: Final = ("cmdline", "environ", "comm", "status", "limits")
"""Files in /proc/PID that are read. `maps` is not among them, since it shows no content."""
_BEGINNING: Final = 1024
"""Number of bytes of a file's content that are compared. The search for identifiers reads all of it."""


def database_urls(installation: Installation) -> tuple[str, str]:
    """Return the URLs of both databases."""
    folder = installation.service.folder
    return f"sqlite:///{folder / 'satark.db'}", f"sqlite:///{folder / 'keys.db'}"


def of_tables(tables: Tables) -> Iterator[tuple[str, Value]]:
    """Yield the number of each table's rows, and each value of each row with its size."""
    for table, rows in tables.items():
        yield f"the number of rows of table {table}", len(rows)
        for row in rows:
            for column, value in row.items():
                if value is None:
                    continue
                plain = bytes(value) if isinstance(value, bytes | memoryview) else value
                yield f"table {table}.{column}", plain
                if isinstance(plain, str | bytes):
                    yield f"the sizes of table {table}.{column}", len(plain)


def of_files(folder: Path, exempt: tuple[str, ...] = ()) -> Iterator[tuple[str, Value]]:
    """Yield the name, size, time and content of each file, by its folder and the ending of its name.

    `exempt`: beginnings of paths of files whose names, sizes and times tell nothing of a tip.
    """
    for path in sorted(folder.rglob("*")):
        inside = os.fspath(path.relative_to(folder))
        kind = f"{re.sub('[0-9]+', '#', os.fspath(Path(inside).parent))}/*{path.suffix}"
        try:
            status = path.stat()
            if not path.is_file() or inside.startswith(exempt):
                continue
            yield f"the names of files {kind}", path.name
            yield f"the sizes of files {kind}", status.st_size
            yield f"the times of files {kind}", int(status.st_mtime)
            with path.open("rb") as file:
                yield f"the content of files {kind}", file.read(_BEGINNING)
        except FileNotFoundError:
            continue


def of_metrics(text: str) -> Iterator[tuple[str, Value]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield f"the metric {sample.name} {sorted(sample.labels.items())}", sample.value


def log_lines(text: str) -> Iterator[str]:
    """Yield each line that was logged after the service began to serve: none may show that somebody came."""
    for line in text.partition('"event": "serving"')[2].splitlines()[1:]:
        event = re.search(r'"event": "([a-z ]+)', line)
        if event is None or event[1] != "epoch ended":  # only the clock ends one
            yield f"a line in the log: {event[1] if event else '…'}"


def files_of_process(pid: int) -> dict[str, bytes]:
    """Read the system's data about a process: its command line, environment, name and status."""
    found = {}
    for name in _PROCESS_FILES:
        try:
            found[f"/proc/PID/{name} of {pid}"] = Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            continue
    return found


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        return [pid, *(one for file in children for child in file.read_text().split() for one in family(int(child)))]
    except OSError:
        return [pid]


JOINED: Final = {
    "receipt": "receipt",
    "seen": "seen",
    **dict.fromkeys(("conversation", "alias", "outbox", "provider_message", "handoff_code", "reach"), "conversation"),
}
"""Table → a group of tables. A value in a table of one group may be in no table of another, nor in any other table."""
IN_ORDER: Final = frozenset({"custody", "tip_change", "desk_queue"})
"""Tables that show the order in which tips came, as the threat model admits."""
_SHORTEST: Final = 8
_UNITS: Final = (1, 10**3, 10**6, 10**9)
"""Units of times, by their number in a second."""
_DAY: Final = 86_400


def joins(tables: Tables) -> Iterator[str]:
    """Name each set of columns, in tables of different groups, that have a value in common."""
    columns: dict[bytes, set[str]] = {}
    for table, rows in tables.items():
        for column, value in ((column, value) for row in rows for column, value in row.items()):
            if isinstance(value, str | bytes) and len(value) >= _SHORTEST:
                raw = value.encode() if isinstance(value, str) else value
                columns.setdefault(raw, set()).add(f"{table}.{column}")
    for shared in columns.values():
        if len({JOINED.get(column.partition(".")[0]) for column in shared}) > 1:
            yield f"{' and '.join(sorted(shared))} have a value in common"


def moments(tables: Tables, now: float) -> Iterator[str]:
    """Name each column with a time of today, in any unit, that is finer than a band: what is due is due at a moment."""
    for table, rows in tables.items():
        for column, value in ((column, value) for row in rows for column, value in row.items() if column != "due_at"):
            if isinstance(value, int | float) and any(_is_moment(value / unit, now) for unit in _UNITS):
                yield f"table {table}.{column} has an exact time"


def _is_moment(seconds: float, now: float) -> bool:
    return abs(seconds - now) < _DAY and bool(seconds % (BAND_HOURS * 3600))


def orders(tables: Tables, numbers: Sequence[str]) -> Iterator[str]:
    """Name each table whose rows lie in the order in which tips came, given by their numbers."""
    ids = {row["number"]: row["id"] for row in tables["tip"]}
    came = [ids[number] for number in numbers]
    for table in tables.keys() - IN_ORDER:
        listed = [value for row in tables[table] for value in row.values() if value in came]
        if list(dict.fromkeys(listed)) == came:
            yield f"the order of rows of table {table} tells the order of tips"
