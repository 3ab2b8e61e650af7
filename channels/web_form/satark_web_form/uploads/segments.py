"""Store a file as a folder of segments. Each segment is a complete, flushed age file, named by its offset and length.

Plaintext exists only in memory, until it is sealed as a segment. All functions block.
"""

import asyncio
import contextlib
import errno
import fcntl
import io
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, Literal, TypeAlias

from satark.api import CantOpen, decrypt_stream, encrypt_stream
from satark_files.atomic_files import flush_folder, flushed
from satark_web_form.uploads.draft_key import UploadManifest

SEGMENT_BYTES: Final = 1 << 20
"""Bytes of a full segment: a killed process may lose so much of a file, and an upload holds so much in memory."""
MAX_SEGMENTS: Final = 2_000
"""Most segments per file. The largest file needs a hundred; lost connections make more."""

UploadProblem: TypeAlias = Literal[
    "unknown",  # there is no such upload, or it belongs to another draft, or it was deleted
    "offset-mismatch",  # the stored bytes end elsewhere: ask for the offset and resume there
    "incomplete",  # not all bytes were received
    "empty",  # the file has no bytes
    "too-large",  # over the limit of one file, or longer than announced
    "too-many",  # more files than a draft may have
    "quota",  # more bytes in all than a draft may have
    "too-fragmented",  # more segments than one file may have
    "disk-full",  # the disk has no space left for uploads
    "proof",  # many files are being sent: this draft's browser must work or wait first
    "busy",  # too many uploads at once, and this one was the slowest: resume later
]
"""Why an upload is refused. The pages have a text for each: `upload.<problem>`."""

_NAME: Final = re.compile(r"(\d{12})-(\d{7})\.age")


class UploadRefused(Exception):  # noqa: N818 - it reads as what it says
    """An upload, or a part of it, is refused. What was stored before remains valid."""

    def __init__(self, problem: UploadProblem) -> None:
        super().__init__(problem)
        self.problem: UploadProblem = problem


def stored_bytes(folder: Path) -> int:
    """Return the number of bytes stored, from the start of the file.

    Raises:
        FileNotFoundError: the file was deleted.
    """
    return max((start + length for start, length, _ in _segments(folder)), default=0)


def write_segment(folder: Path, start: int, content: bytes, recipient: str) -> None:
    """Seal the content at an offset. It is flushed to disk when this returns.

    Raises:
        UploadRefused: `offset-mismatch`, since another request wrote; `too-fragmented`; `disk-full`; `unknown`, since
            the file was deleted.
    """
    part = folder / f"{secrets.token_hex(8)}.part"
    try:
        with flushed(part) as out:
            encrypt_stream(io.BytesIO(content), out, recipient)
        _put(part, folder, start, len(content))
    except FileNotFoundError:
        raise UploadRefused("unknown") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise UploadRefused("disk-full") from None
        raise
    finally:
        part.unlink(missing_ok=True)


def read_segments(folder: Path, identity: str) -> Iterator[bytes]:
    """Yield the file's content segment by segment. Each segment is authenticated first.

    Raises:
        CantOpen: the key is wrong, or a segment is missing or was altered.
        FileNotFoundError: the file was deleted.
    """
    expected = 0
    for start, length, path in sorted(_segments(folder)):
        content = _open(path, identity)
        if (start, length) != (expected, len(content)):
            raise CantOpen("a segment is missing or was replaced")
        expected += length
        yield content


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock a folder against all other processes and threads."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _segments(folder: Path) -> Iterator[tuple[int, int, Path]]:
    for path in folder.iterdir():
        found = _NAME.fullmatch(path.name)
        if found:
            yield int(found[1]), int(found[2]), path


def _put(part: Path, folder: Path, start: int, length: int) -> None:
    with folder_lock(folder):
        if len(list(_segments(folder))) >= MAX_SEGMENTS:
            raise UploadRefused("too-fragmented")
        if stored_bytes(folder) != start:
            raise UploadRefused("offset-mismatch")
        part.rename(folder / f"{start:012}-{length:07}.age")
        flush_folder(folder)


def _open(path: Path, identity: str) -> bytes:
    plain = io.BytesIO()
    with path.open("rb") as sealed:
        try:
            decrypt_stream(sealed, plain, identity)
        except (CantOpen, OSError):
            raise CantOpen("a segment does not open") from None
    return plain.getvalue()


class SegmentWriter:
    """Buffers one upload in memory, and seals it segment by segment."""

    def __init__(self, folder: Path, manifest: UploadManifest, offset: int) -> None:
        self._folder = folder
        self._manifest = manifest
        self._offset = offset
        self._buffer = bytearray()

    async def write(self, stream: AsyncIterator[bytes]) -> int:
        """Write a stream; if the stream breaks off, write what was received. Return the new offset.

        Raises:
            UploadRefused: `too-large`, or what `write_segment` raises.
        """
        try:
            async for chunk in stream:
                if self._offset + len(self._buffer) + len(chunk) > self._manifest.max_bytes:
                    raise UploadRefused("too-large")
                self._buffer += chunk
                while len(self._buffer) >= SEGMENT_BYTES:
                    await self._seal(SEGMENT_BYTES)
        finally:
            if self._buffer:
                await self._seal(len(self._buffer))
        return self._offset

    async def _seal(self, count: int) -> None:
        content = bytes(self._buffer[:count])
        try:
            await asyncio.to_thread(write_segment, self._folder, self._offset, content, self._manifest.recipient)
        except BaseException:
            self._buffer.clear()
            raise
        del self._buffer[:count]
        self._offset += count
