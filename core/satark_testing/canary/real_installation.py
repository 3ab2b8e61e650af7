"""Searches a real installation for identifiers that its operator knows: those of a tip that they sent themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from satark_testing.canary.identifiers import IN_PARTS, kind_of
from satark_testing.canary.places import files_of_process
from satark_testing.canary.report import Report
from satark_testing.identifier_search import Searcher, everything_written, files_below

if TYPE_CHECKING:
    from satark.settings.settings import Settings

SHORTEST: Final = 5
"""Characters of the shortest identifier that can be searched for: a shorter one is found by chance."""


def read_markers(file: Path) -> dict[str, str]:
    """Read identifiers: one a line, its kind and then the identifier, such as `phone 919812345678`.

    Raises:
        ValueError: a line has no kind, or an identifier is too short; the message names the line, not what it says.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        kind, _, value = line.strip().partition(" ")
        if not kind:
            continue
        if len(value.strip()) < SHORTEST:
            raise ValueError(f"line {number}: write a kind and an identifier of {SHORTEST} characters or more")
        found[f"{kind} {number}"] = value.strip()
    if not found:
        raise ValueError("the file has no identifier: write one a line, such as 'phone 919812345678'")
    return found


def search_here(settings: Settings, markers: dict[str, str], logs: Sequence[Path]) -> Report:
    """Search the databases, the data folder, shared memory, these logs and the processes of this installation."""
    folder = settings.core.data_dir
    places = everything_written(folder, folder, settings.database_url, settings.keys_url) | files_below(*logs)
    for pid in _processes():
        places |= files_of_process(pid)
    searcher = Searcher(markers, {name for name in markers if kind_of(name) in IN_PARTS})
    finds = searcher.search(places)
    return Report(
        finds=tuple(sorted({f"{kind_of(find.kind)} as {find.encoding} in {find.place}" for find in finds})),
        places=len(places),
        searched_bytes=sum(map(len, places.values())),
        identifiers=len(markers),
        kinds=len({kind_of(name) for name in markers}),
        needles=searcher.needles,
    )


def _processes() -> list[int]:
    """Return the processes of Satark on this machine, without this one."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(cmdline.parent.name)
        try:
            if pid != os.getpid() and b"satark" in cmdline.read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found
