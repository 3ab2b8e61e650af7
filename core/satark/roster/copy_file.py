"""This machine's own copy of the roster: a file, one entry a line, out of reach of whoever writes to the databases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from satark_files import atomic_files


def read_copy(path: Path) -> list[bytes]:
    """Return the entries of a copy; none if there is no file yet.

    Raises:
        OSError: it can't be read.
    """
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []


def write_copy(path: Path, entries: Sequence[bytes]) -> None:
    """Write a copy over the one before.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic_files.replace(path, [entry + b"\n" for entry in entries])
