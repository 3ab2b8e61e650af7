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

__all__ = ["create", "create_new", "flush_folder", "flushed", "replace", "replacing"]

_OWNER = 0o600


@contextmanager
def flushed(path: Path, mode: int = _OWNER) -> Iterator[BinaryIO]:
    """Create a file that must not exist yet, let the block write it, and flush it to the disk."""
    with open(path, "x+b", opener=lambda name, flags: os.open(name, flags, mode)) as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def replacing(path: Path, mode: int = _OWNER) -> Iterator[BinaryIO]:
    """Let the block write a new file, which then replaces the file, or the link, that has its name.

    Nobody who may write in the folder can predict where the bytes go: the file has a random name until then.
    `mode`: who may use the file, as for `os.open`.
    """
    part = _beside(path)
    try:
        with flushed(part, mode) as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file, and replace the file that has its name."""
    with replacing(path) as out:
        out.writelines(pieces)


def create(path: Path, content: bytes) -> None:
    """Create a file. If another process has created it first, keep that file: the caller must read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        create_new(path, [content])


def create_new(path: Path, pieces: Iterable[bytes]) -> None:
    """Create a file.

    Raises:
        FileExistsError: the file exists.
    """
    part = _beside(path)
    try:
        with flushed(part) as out:
            out.writelines(pieces)
        path.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that its renamed and removed files stay renamed and removed after a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{token_hex(8)}.part")
