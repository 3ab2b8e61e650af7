"""Atomic files: written completely and flushed to disk on return, or not at all; readable by their owner alone.

Everything here blocks: call it from a thread. A failing disk raises `OSError`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

__all__ = [
    "create",
    "flush_folder",
    "flushed",
    "replace",
]

_OWNER = 0o600


@contextmanager
def flushed(path: Path) -> Iterator[BinaryIO]:
    """Open a file that must not be there yet, and flush it to the disk at the end."""
    with open(path, "xb", opener=_private) as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file, over whatever stands there."""
    with _part(path, pieces) as part:
        part.replace(path)


def create(path: Path, content: bytes) -> None:
    """Write a file that was not there; where another process was quicker, its file stands: read it back."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _part(path, [content]) as part, suppress(FileExistsError):
        path.hardlink_to(part)


def flush_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _part(path: Path, pieces: Iterable[bytes]) -> Iterator[Path]:
    """Write all of it under a name that nobody else takes, for the block to give it the lasting one."""
    part = path.with_name(f".{path.name}.{token_hex(8)}.part")
    try:
        with flushed(part) as out:
            out.writelines(pieces)
        yield part
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, _OWNER)
