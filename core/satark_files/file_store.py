"""The store of the files that every machine of an installation must find by name; by default a folder.

A file has a name with `/` and exists whole or not at all: a process that is killed while it writes leaves nothing under
the name. Every method blocks, so call it from a thread, and raises `OSError` if the disk or the service fails. Opening
or reading a missing file raises `FileNotFoundError`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol, TypeVar

from satark_files import atomic_files

__all__ = ["FileStore", "FolderStore", "Part", "StorageDown", "Stored", "at_once", "in_groups"]

One = TypeVar("One")
Made = TypeVar("Made")

PART = ".part"
"""Suffix of the name of a file that is being written in a folder."""

_AT_ONCE: Final = 16
"""Number of requests to a service under way at once: each waits for the network's round trip."""


class StorageDown(OSError):  # noqa: N818 - it reads as what it says
    """The service that keeps the files does not answer or refuses. Try the rest again later."""


class Stored(NamedTuple):
    name: str
    bytes: int
    changed: float
    """Unix time of writing; after `FileStore.finish` the beginning of that day, if the store can set it."""


class Part:
    """A file that is being written: write to `file`. Nobody finds it under its name until `FileStore.finish`."""

    def __init__(self, name: str, file: BinaryIO, path: Path | None = None) -> None:
        """`path`: where the part is until then; None: it has no name on this machine."""
        self.name = name
        self.file = file
        self._path = path

    def discard(self) -> None:
        """Remove the part, unless it is finished."""
        if not self.file.closed:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            self.file.close()


class FileStore(Protocol):
    """Files under names."""

    def below(self, prefix: str) -> FileStore:
        """Return the store of the files below `prefix` and a slash. Names in that store have no prefix."""

    def begin(self, name: str) -> Part:
        """Begin to write a file.

        Raises:
            BlockingIOError: another process on this machine is writing the file.
        """

    def finish(self, *parts: Part) -> None:
        """Give the parts their names, in place of files that have them. On return they outlast a power cut.

        All copies of a file go together, since each flush holds up the commits of every database on the same disk. If
        it fails, parts without a name are discarded.
        """

    def put(self, name: str, content: bytes, *, new: bool = False) -> None:
        """Write a file of at most some megabytes. On return it outlasts a power cut.

        Raises:
            FileExistsError: the file exists, and `new` is true: only one of several writers succeeds.
        """

    def open(self, name: str) -> BinaryIO:
        """Open a file, to read it from its beginning."""

    def read(self, name: str, start: int = 0, most: int = -1) -> bytes:
        """Return a file's content from `start` on: all of it, or `size` bytes."""

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes; None: there is no such file."""

    def files(self, below: str = "") -> Iterator[Stored]:
        """Yield the files in a folder and in the folders below it, in any order."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, for good. A missing file is no error."""

    def free_bytes(self) -> int | None:
        """Return the number of free bytes; None: the store does not tell."""
        return None

    def remove_abandoned(self) -> None:
        """Remove the unfinished files of killed processes of this machine. Files that are being written stay."""
        return


class FolderStore(FileStore):
    """The files of a folder of this machine, or of one that several machines mount. Created with the first file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def below(self, prefix: str) -> FolderStore:
        return FolderStore(self.root / prefix)

    def begin(self, name: str) -> Part:
        path = self._ready(f"{name}{PART}")
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        file.truncate()
        return Part(name, file, path)

    def finish(self, *parts: Part) -> None:
        try:
            for part in parts:
                part.file.flush()
                forget_exact_times(self.root / f"{part.name}{PART}")
                os.fsync(part.file.fileno())
            for part in parts:
                (self.root / f"{part.name}{PART}").rename(self.root / part.name)
                part.file.close()
        finally:
            for part in parts:
                part.discard()
        for folder in {(self.root / part.name).parent for part in parts}:
            forget_exact_times(folder)
            atomic_files.flush_folder(folder)

    def put(self, name: str, content: bytes, *, new: bool = False) -> None:
        write = atomic_files.create_new if new else atomic_files.replace
        try:
            write(self._ready(name), [content])
        except FileNotFoundError:  # meanwhile another process removed the folder, which was empty
            write(self._ready(name), [content])

    def open(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def read(self, name: str, start: int = 0, most: int = -1) -> bytes:
        with self.open(name) as file:
            file.seek(start)
            return file.read(most)

    def size(self, name: str) -> int | None:
        with suppress(FileNotFoundError):
            return (self.root / name).stat().st_size
        return None

    def files(self, below: str = "") -> Iterator[Stored]:
        """Yield the files, including those that are being written."""
        for folder, _, names in os.walk(self.root / below):
            for path in (Path(folder, name) for name in names):
                with suppress(FileNotFoundError):
                    found = path.stat()
                    yield Stored(str(path.relative_to(self.root)), found.st_size, found.st_mtime)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, finished or not, then empty folders; flush the other folders."""
        folders = set()
        for path in (self.root / name for name in names):
            path.unlink(missing_ok=True)
            path.with_name(path.name + PART).unlink(missing_ok=True)
            folders.add(path.parent)
        for folder in filter(Path.is_dir, folders):
            forget_exact_times(folder)
            atomic_files.flush_folder(folder)
            with suppress(OSError):  # it is not empty, or another process removed it
                for inside in (one for one in (folder, *folder.parents) if self.root in one.parents):
                    inside.rmdir()

    def free_bytes(self) -> int:
        return shutil.disk_usage(next(one for one in (self.root, *self.root.parents) if one.exists())).free

    def remove_abandoned(self) -> None:
        for part in self.root.rglob(f"*{PART}"):
            with suppress(OSError), part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()

    def _ready(self, name: str) -> Path:
        """Return the path of a file. Creates its folders so that they outlast a power cut."""
        path = self.root / name
        missing = [one for one in path.parents if not one.exists()]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in reversed(missing):
            atomic_files.flush_folder(folder.parent)
        return path


def forget_exact_times(*paths: Path) -> None:
    """Set the times of files and folders to the beginning of today (UTC).

    A file system still stores two times that nobody can set: when the inode was created, and when it last changed.
    """
    now = int(time.time())
    day = now - now % 86_400
    for path in paths:
        os.utime(path, (day, day))


def in_groups(items: Iterable[One], size: int) -> Iterator[list[One]]:
    """Yield the items in lists of `size`; the last list may be shorter."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def at_once(work: Callable[[One], Made], items: Iterable[One]) -> Iterator[Made]:
    """Call a function with each item, several at a time; yield the results in the order of the items."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for some in in_groups(items, 4 * _AT_ONCE):
            yield from pool.map(work, some)
