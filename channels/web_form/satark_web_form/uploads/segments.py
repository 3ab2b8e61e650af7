"""One file on the disk: a folder of age files, each whole and flushed, named by where it begins and how long it is.

In plain a part of the file exists only in memory, until it is one such segment. Everything here blocks.
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

import pyrage
from pyrage import x25519

from satark.atomic_files import flush_folder, flushed
from satark.sealing import CantOpen
from satark_web_form.uploads.refusals import Refused

SEGMENT: Final = 1 << 20
"""Bytes of a full segment: what a killed process may lose of a file, and what a file under way holds of memory."""
SEGMENTS_MOST: Final = 2_000
"""Segments of one file: the largest file has a hundred full ones, the rest is for connections that break."""

_NAME: Final = re.compile(r"(\d{12})-(\d{7})\.age")


def written(folder: Path) -> int:
    """Bytes of the file that are here, from its beginning.

    Raises:
        FileNotFoundError: it was erased.
    """
    return max((start + length for start, length, _ in _segments(folder)), default=0)


def write(folder: Path, start: int, content: bytes, recipient: str) -> None:
    """Seal the part that begins at byte `start`; it is on the disk when this returns.

    Raises:
        Refused: `moved` where the file does not end at `start`, since somebody else wrote; `too-broken`; `disk-full`;
            `unknown` where it was erased.
    """
    part = folder / f"{secrets.token_hex(8)}.part"
    try:
        with flushed(part) as out:
            source, target = io.BytesIO(content), cast("io.BufferedIOBase", out)
            pyrage.encrypt_io(source, target, [x25519.Recipient.from_str(recipient)])
        _put(part, folder, start, len(content))
    except FileNotFoundError:
        raise Refused("unknown") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused("disk-full") from None
        raise
    finally:
        part.unlink(missing_ok=True)


def read(folder: Path, identity: str) -> Iterator[bytes]:
    """The file's content, segment by segment, each authenticated before it is given.

    Raises:
        CantOpen: the key is another, or a segment was altered or is missing.
        FileNotFoundError: it was erased.
    """
    expected = 0
    for start, length, path in sorted(_segments(folder)):
        content = _open(path, identity)
        if (start, length) != (expected, len(content)):
            raise CantOpen("a segment is missing or is not the one that was written")
        expected += length
        yield content


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep all other processes and threads out of a folder for a moment."""
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
    with locked(folder):
        if len(list(_segments(folder))) >= SEGMENTS_MOST:
            raise Refused("too-broken")
        if written(folder) != start:
            raise Refused("moved")
        part.rename(folder / f"{start:012}-{length:07}.age")
        flush_folder(folder)


def _open(path: Path, identity: str) -> bytes:
    plain = io.BytesIO()
    with path.open("rb") as sealed:
        try:
            pyrage.decrypt_io(cast("io.BufferedIOBase", sealed), plain, [x25519.Identity.from_str(identity)])
        except (pyrage.DecryptError, pyrage.IdentityError, OSError):
            raise CantOpen("a segment does not open") from None
    return plain.getvalue()
