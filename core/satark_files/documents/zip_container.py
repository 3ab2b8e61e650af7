"""Reads the ZIP files of office programs within limits, and writes them with only names and content.

Runs in the sandbox only, since it reads hostile bytes.
"""

import contextlib
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from satark_files.limits import MB, Limits
from satark_files.scrubber import Unclean

MAX_PARTS = 5000
MAX_UNPACKED_BYTES = 400 * MB
"""Most bytes that all parts of one file together may unpack to."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCKED = 0x1
RAISES = (zipfile.BadZipFile, zlib.error, LookupError, EOFError, OSError, ValueError, RuntimeError, struct.error)
"""The exceptions that reading a broken ZIP file raises."""


class Archive:
    def __init__(self, file: zipfile.ZipFile, packed: int, limits: Limits) -> None:
        self._file = file
        self._parts = {info.filename: info for info in file.infolist() if not info.is_dir()}
        unpacked = sum(info.file_size for info in self._parts.values())
        if any(info.flag_bits & _LOCKED for info in self._parts.values()):
            raise Unclean("encrypted")
        if (
            len(file.infolist()) > MAX_PARTS
            or unpacked > MAX_UNPACKED_BYTES
            or limits.expands_too_much(packed, unpacked)
        ):
            raise Unclean("expands")

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    @property
    def names(self) -> list[str]:
        return list(self._parts)

    def drop(self, name: str) -> None:
        """Drop a part, as if the file did not have it."""
        del self._parts[name]

    def read(self, name: str) -> bytes:
        """Unpack one part, up to the size in the central directory, and check its checksum."""
        return self._file.read(self._parts[name])


@contextlib.contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[Archive]:
    """Open a ZIP file.

    Raises:
        Unclean: the file is damaged, encrypted or over a limit, or the block fails to read a part.
    """
    try:
        with zipfile.ZipFile(path) as file:
            yield Archive(file, path.stat().st_size, limits)
    except RAISES as error:
        raise Unclean("damaged") from error


def write_archive(target: Path, parts: Mapping[str, bytes]) -> None:
    """Write a ZIP file of these parts in this order; a part `mimetype` is not compressed, as OpenDocument requires."""
    with zipfile.ZipFile(target, "w") as file:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 0
            info.external_attr = 0
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(info, data)
