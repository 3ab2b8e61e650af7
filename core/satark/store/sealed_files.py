"""Sealed files: written whole or not at all, read back before anybody relies on them, opened only if unaltered.

A sealed file is an age file (age-encryption.org/v1, X25519). It is written as `<name>.part`, flushed, renamed.
Only pyrage's `_io` calls are used: they let go of the interpreter while they work.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec
import pyrage
from pyrage import x25519

from satark.atomic_files import flush_folder
from satark.identity.sealing import CantOpen
from satark.store.workspace import private_folder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

PART = ".part"
_MAGIC = b"age-encryption.org/v1\n"
_HEADER_MOST = 4096
# age-encryption.org/v1, "Payload": a nonce, then chunks of 64 KiB with a tag each, at least one.
_NONCE, _CHUNK, _TAG = 16, 65536, 16
_STEP = 1 << 18


class Measured(msgspec.Struct, frozen=True):
    """Size in bytes and digests (hex) of the plain content."""

    bytes: int
    sha256: str
    md5: str
    """For the certificate's form alone, which has a line for it: MD5 proves nothing by itself."""


class WriteFailed(OSError):  # noqa: N818 - it reads as what it says
    """What was read back of a sealed file is not what was written. It was removed; try again."""


class _Meter(io.RawIOBase):
    """Reads through to a source, measuring; copies what passes to `copy` for as long as that takes it."""

    def __init__(self, source: BinaryIO, copy: BinaryIO | None) -> None:
        self._source = source
        self._copy = copy
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._sha256.update(data)
        self._md5.update(data)
        self._count += len(data)
        if self._copy is not None:
            try:
                self._copy.write(data)
            except OSError:  # no room in memory: the original is sealed all the same
                self._copy = None
        return data

    @property
    def copied(self) -> bool:
        return self._copy is not None

    @property
    def measured(self) -> Measured:
        return Measured(self._count, self._sha256.hexdigest(), self._md5.hexdigest())


def seal_file(source: BinaryIO, target: Path, recipient: str, copy: BinaryIO | None = None) -> tuple[Measured, bool]:
    """Encrypt a stream into `<target>.part`, on the disk when this returns; `keep` puts it in its place.

    Returns what was sealed, and whether `copy` got all of it.

    Raises:
        BlockingIOError: another process is writing the same file.
        OSError: the disk failed or is full.
    """
    meter = _Meter(source, copy)
    descriptor = os.open(_part(target), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        out.truncate()
        try:
            _encrypt(meter, out, recipient)
        except BaseException:
            drop(target)
            raise
    return meter.measured, meter.copied


def keep(target: Path, measured: Measured) -> None:
    """Read a written part back, and rename it to its lasting name, durably.

    Raises:
        WriteFailed: it is not a sealed file of that size.
    """
    part = _part(target)
    if not _is_whole(part, measured.bytes):
        part.unlink()
        raise WriteFailed("a sealed file was not written whole")
    part.rename(target)
    flush_folder(target.parent)


def drop(target: Path) -> None:
    """Remove a part that shall not be kept."""
    _part(target).unlink(missing_ok=True)


def sweep_parts(root: Path) -> None:
    """Remove, at any depth, the parts that a killed process left. Those being written now are locked, and stay."""
    for part in root.rglob(f"*{PART}"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def erase(folder: Path, name: str) -> None:
    """Remove every sealed file of this name, durably. Nothing happens where there is none."""
    _erase(folder, [path_of(folder, name) for path_of in (original_path, clean_path, disguised_path, preview_path)])


def erase_copies(folder: Path, name: str) -> None:
    """Likewise, but leave the original: what an earlier run made of it is not to be believed any more."""
    _erase(folder, [path_of(folder, name) for path_of in (clean_path, disguised_path, preview_path)])


def _erase(folder: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        drop(path)
    if folder.is_dir():
        flush_folder(folder)


def original_path(folder: Path, name: str) -> Path:
    """Where the original of a file is sealed."""
    return folder / f"{name}.original.age"


def clean_path(folder: Path, name: str) -> Path:
    """Where the clean copy of a file is sealed."""
    return folder / f"{name}.clean.age"


def preview_path(folder: Path, name: str) -> Path:
    """Where the preview of a file is sealed."""
    return folder / f"{name}.preview.age"


def bytes_of(folder: Path, prefix: str) -> int:
    """Count the bytes of all sealed originals whose names begin so."""
    return sum(path.stat().st_size for path in folder.glob(f"{prefix}*.original.age")) if folder.is_dir() else 0


def disguised_path(folder: Path, name: str) -> Path:
    """Where the disguised copy of a voice is sealed."""
    return folder / f"{name}.disguised.age"


def open_sealed(path: Path, identity: str, room: Path, expected_sha256: str = "") -> Generator[bytes, None, None]:
    """Decrypt a sealed file and give its content in pieces, the first only after all of it was authenticated.

    Meanwhile the plain content lies in a private folder of `room` (see `satark.store.workspace`).

    Raises:
        CantOpen: the key is another, or the file was altered, cut short, or is not the expected one.
        FileNotFoundError: there is no such file.
    """
    with private_folder(room) as folder, (folder / "plain").open("w+b") as plain:
        with path.open("rb") as sealed:
            _decrypt(sealed, plain, identity)
        plain.seek(0)
        if expected_sha256 and hashlib.file_digest(plain, "sha256").hexdigest() != expected_sha256:
            raise CantOpen("it is not the file that was recorded")
        plain.seek(0)
        while piece := plain.read(_STEP):
            yield piece


def _encrypt(meter: _Meter, out: BinaryIO, recipient: str) -> None:
    source, target = cast("io.BufferedIOBase", meter), cast("io.BufferedIOBase", out)
    try:
        pyrage.encrypt_io(source, target, [x25519.Recipient.from_str(recipient)])
    except pyrage.EncryptError as error:
        raise OSError("a file could not be sealed") from error
    out.flush()
    os.fsync(out.fileno())


def _decrypt(sealed: BinaryIO, plain: BinaryIO, identity: str) -> None:
    source, target = cast("io.BufferedIOBase", sealed), cast("io.BufferedIOBase", plain)
    try:
        pyrage.decrypt_io(source, target, [x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError, OSError):
        raise CantOpen("it does not open with this key, or was altered") from None
    plain.flush()


def _is_whole(part: Path, content: int) -> bool:
    """Whether the file has an age header, and after it just the bytes that so much content makes."""
    with part.open("rb") as file:
        head = file.read(_HEADER_MOST)
    mac = head.find(b"\n--- ")
    end = head.find(b"\n", mac + 1)
    chunks = max(1, -(-content // _CHUNK))
    payload = _NONCE + content + chunks * _TAG
    return head.startswith(_MAGIC) and 0 < mac < end and part.stat().st_size == end + 1 + payload


def _part(target: Path) -> Path:
    return target.with_name(target.name + PART)
