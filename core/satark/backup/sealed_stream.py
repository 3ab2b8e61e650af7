"""Streams of records in age files. Each record is a length and MessagePack; the last record marks the end.

Zeros follow, so that the size of a backup doesn't show how much came since the last one.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Final, cast

import msgspec

from satark.api.sealing import CantOpen, decrypt_stream, encrypt_stream, size_class

_LENGTH: Final = 4
_LEAST, _STEPS = 1 << 16, 16
"""Smallest size of a padded stream, and number of sizes from there to its double, and in each later doubling."""
_END: Final[dict[str, Any]] = {"end": True}

Record = dict[str, Any]


class StoredFile(msgspec.Struct, frozen=True):
    """Size and SHA-256 (hex) of an encrypted file of a backup."""

    bytes: int
    sha256: str


class Damaged(Exception):  # noqa: N818 - it reads as what it says
    """A file of a backup is missing, incomplete or altered; the message names it."""


class _Reader:
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def read(self, size: int = 0, /) -> bytes:
        while len(self._rest) < size and (more := next(self._chunks, b"")):
            self._rest += more
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def write_records(file: BinaryIO, recipient: str, records: Iterable[Record]) -> StoredFile:
    """Encrypt records into an empty file; return the written file. No plain text is written."""
    encrypt_stream(_Reader(_framed(records)), file, recipient)
    return measure(file)


def read_records(sealed: BinaryIO, place: str, identity: str, workspace: Path) -> Iterator[Record]:
    """Decrypt the records of a file, after the whole file is authenticated. `workspace` holds the plain text.

    `place`: where the file is, for messages.

    Raises:
        Damaged: the file is truncated or altered, or sealed to another key.
    """
    with TemporaryFile(dir=workspace) as plain:  # it has no name, and is gone with this process
        try:
            decrypt_stream(sealed, plain, identity)
        except CantOpen:
            raise Damaged(f"{place} does not open with the backup's key, or was altered") from None
        plain.seek(0)
        while (record := _next(plain, place)) != _END:
            yield record


def measure(file: BinaryIO) -> StoredFile:
    """Return size and SHA-256 of an open file, and rewind it."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    stored = StoredFile(size, hashlib.file_digest(cast("io.BytesIO", file), "sha256").hexdigest())
    file.seek(0)
    return stored


def _framed(records: Iterable[Record]) -> Iterator[bytes]:
    written = 0
    for record in chain(records, [_END]):
        encoded = msgspec.msgpack.encode(record)
        written += _LENGTH + len(encoded)
        yield len(encoded).to_bytes(_LENGTH) + encoded
    padding = size_class(written, _LEAST, _STEPS) - written
    while padding:
        yield bytes(min(padding, _LEAST))
        padding -= min(padding, _LEAST)


def _next(plain: IO[bytes], place: str) -> Record:
    length = plain.read(_LENGTH)
    encoded = plain.read(int.from_bytes(length))
    if len(length) < _LENGTH or len(encoded) < int.from_bytes(length):
        raise Damaged(f"{place} ends too early")
    record: Record = msgspec.msgpack.decode(encoded)
    return record
