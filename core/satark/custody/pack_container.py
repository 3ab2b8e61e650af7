"""Reads the ZIP around a pack's files within bounds, and compares it with the ZIP that `pack` would write."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO, Final

_MAX_DIRECTORY: Final = 1 << 20
"""Most bytes of the central directory at the end of a pack (about 10,000 files)."""


class BoundedReader(io.RawIOBase):
    """A file that refuses to read more at once than the central directory of a pack may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile
        return self._file.read(_MAX_DIRECTORY if size < 0 else size)


class ComparingWriter(io.RawIOBase):
    """Compares what is written with the content of a file."""

    def __init__(self, original: BinaryIO) -> None:
        self._original = original
        self._at = 0
        self.end = 0
        self._different: dict[int, int] = {}

    @property
    def differs(self) -> bool:
        """Whether the final state of what was written differs from the file."""
        return bool(self._different)

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.end}[whence]
        return self._at

    def write(self, data: object) -> int:
        chunk = bytes(memoryview(data))  # type: ignore[arg-type]
        self._original.seek(self._at)
        # A header is written twice: before its content, and again once the length of the content is known.
        if self._original.read(len(chunk)) == chunk:
            self._different.pop(self._at, None)
        else:
            self._different[self._at] = len(chunk)
        self._at += len(chunk)
        self.end = max(self.end, self._at)
        return len(chunk)
