"""Store a file as segments. Each segment is a length and a complete age file, and is named by its offset.

Plaintext exists only in memory, until it is sealed as a segment. All functions but `SegmentWriter.write` block.
"""

import asyncio
import errno
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from satark.api import CantOpen, decrypt_stream, encrypt_stream
from satark_files.file_store import FileStore
from satark_web_form.uploads.draft_key import UploadManifest
from satark_web_form.uploads.upload_problems import UploadRefused

SEGMENT_BYTES: Final = 1 << 20
"""Size in bytes of a full segment: a killed process loses at most as much, and an upload holds as much in memory."""
MAX_SEGMENTS: Final = 2_000
"""Most segments per file. The largest file needs a hundred; lost connections make more."""
MANIFEST: Final = "manifest"

_NAME: Final = re.compile(r"\d{12}\.age")
"""Matches an offset."""
_LENGTH: Final = 4
"""Size in bytes of the content's length, with which a segment begins."""


def stored_bytes(upload: FileStore) -> int:
    """Return the number of bytes stored, from the start of the file.

    Raises:
        FileNotFoundError: the file was deleted.
    """
    names = segment_names(upload)
    if not names:
        return 0
    return _start(names[-1]) + int.from_bytes(upload.read(names[-1], most=_LENGTH))


def write_segment(upload: FileStore, start: int, content: bytes, recipient: str, before: int) -> None:
    """Seal the content at an offset, after `segments` other segments. On return it outlasts a power cut.

    Raises:
        UploadRefused: `offset-mismatch`, since another request wrote; `too-fragmented`; `disk-full`; `unknown`, since
            the file was deleted.
    """
    if before >= MAX_SEGMENTS:
        raise UploadRefused("too-fragmented")
    sealed = io.BytesIO()
    encrypt_stream(io.BytesIO(content), sealed, recipient)
    try:
        upload.put(_name(start), len(content).to_bytes(_LENGTH) + sealed.getvalue(), new=True)
    except FileExistsError:
        raise UploadRefused("offset-mismatch") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise UploadRefused("disk-full") from None
        raise
    if upload.size(MANIFEST) is None:
        upload.remove([_name(start)])
        raise UploadRefused("unknown")


def read_segments(upload: FileStore, identity: str) -> Iterator[bytes]:
    """Yield the file's content segment by segment. Each segment is authenticated first.

    Raises:
        CantOpen: the key is wrong, or a segment is missing or was altered.
        FileNotFoundError: the file was deleted.
    """
    expected = 0
    for name in segment_names(upload):
        segment = upload.read(name)
        content = _open(segment[_LENGTH:], identity)
        if (_start(name), int.from_bytes(segment[:_LENGTH])) != (expected, len(content)):
            raise CantOpen("a segment is missing or was replaced")
        expected += len(content)
        yield content


def segment_names(upload: FileStore) -> list[str]:
    """Return the names of a file's segments, in order."""
    return sorted(one.name for one in upload.files() if _NAME.fullmatch(one.name))


def _name(start: int) -> str:
    return f"{start:012}.age"


def _start(name: str) -> int:
    return int(name.removesuffix(".age"))


def _open(sealed: bytes, identity: str) -> bytes:
    plain = io.BytesIO()
    try:
        decrypt_stream(io.BytesIO(sealed), plain, identity)
    except (CantOpen, OSError):
        raise CantOpen("a segment does not open") from None
    return plain.getvalue()


class SegmentWriter:
    """Buffers one upload in memory, and seals it segment by segment."""

    def __init__(self, upload: FileStore, manifest: UploadManifest, offset: int, segments: int) -> None:
        """`segments`: number of existing segments."""
        self._upload = upload
        self._segments = segments
        self._manifest = manifest
        self._offset = offset
        self._buffer = bytearray()

    async def write(self, stream: AsyncIterator[bytes]) -> int:
        """Write a stream; if the stream breaks off, write what was received. Return the new offset.

        Raises:
            UploadRefused: `too-large`, or as for `write_segment`.
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
            await asyncio.to_thread(
                write_segment, self._upload, self._offset, content, self._manifest.recipient, self._segments
            )
        except BaseException:
            self._buffer.clear()
            raise
        del self._buffer[:count]
        self._offset += count
        self._segments += 1
