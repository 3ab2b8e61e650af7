"""Writes files atomically: when a function returns, its file is complete and flushed to the disk.

A function that fails leaves the file as it was. Only the owner of a file can read it. Every function here blocks: call
it from a thread. A failing disk raises `OSError`.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

__all__ = ["create", "flush_folder", "flushed", "replace"]

_OWNER = 0o600


@contextmanager
def flushed(path: Path) -> Iterator[BinaryIO]:
    """Create a file that must not exist yet, let the block write it, and flush it to the disk."""
    with open(path, "xb", opener=_private) as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file, and replace the file that has its name."""
    with _part(path, pieces) as part:
        part.replace(path)


def create(path: Path, content: bytes) -> None:
    """Create a file. If another process has created it first, keep that file, which the caller has to read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _part(path, [content]) as part, suppress(FileExistsError):
        path.hardlink_to(part)


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that its renamed and removed files stay renamed and removed after a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _part(path: Path, pieces: Iterable[bytes]) -> Iterator[Path]:
    """Write the pieces to a file with a unique temporary name; the block gives the file its lasting name."""
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
