"""Store a file as a folder of segments: complete, flushed age files, named by their offset and length.

Plaintext exists only in memory, until it is sealed as a segment. All functions block.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from satark.api import CantOpen, decrypt_stream, encrypt_stream
from satark_files.atomic_files import flush_folder, flushed
from satark_web_form.uploads.upload_errors import UploadRefused

SEGMENT_BYTES: Final = 1 << 20
"""Size of a full segment: what a killed process may lose of a file, and what an upload holds in memory."""
MAX_SEGMENTS: Final = 2_000
"""Number of segments per file: the largest file needs a hundred; the rest allows for lost connections."""

_NAME: Final = re.compile(r"(\d{12})-(\d{7})\.age")


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
            source, target = io.BytesIO(content), cast("io.BufferedIOBase", out)
            encrypt_stream(source, target, recipient)
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
    """Yield the file's content by segments, each authenticated before.

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
            decrypt_stream(cast("io.BufferedIOBase", sealed), plain, identity)
        except (CantOpen, OSError):
            raise CantOpen("a segment does not open") from None
    return plain.getvalue()
