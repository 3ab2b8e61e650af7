"""Sealed files of evidence: encrypted to the tip's key, written atomically, and checked after writing and at opening.

A sealed file is an age file (age-encryption.org/v1). `seal_file` writes it as `<name>.part`; `put_in_place` checks,
flushes and renames it.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from satark.api import sealing
from satark.api.sealing import CantOpen
from satark.store.workspace import temporary_folder
from satark_files.atomic_files import flush_folder

PART = ".part"
_MAGIC = b"age-encryption.org/v1\n"
_HEADER_MOST = 4096
# age-encryption.org/v1, "Payload": a nonce, then chunks of 64 KiB with a tag each, at least one.
_NONCE, _AGE_CHUNK, _TAG = 16, 65536, 16
_STEP = 1 << 18
_LENGTH = 8
"""Bytes of the content's length (big-endian), with which the padded content ends."""
_LEAST, _STEPS = 1 << 14, 5
"""Least bytes of a padded content, and sizes that it may have from there to twice as many, and so on.

Who knows the sizes of photos that were sent can't tell which of them is stored. It costs a tenth of the disk: the finer
classes of Padmé would single out half of 200 photos.
"""
PREVIEW = 60 << 10
"""Least bytes of a padded preview: nearly all previews are of this size. It fits into one frame of `satark.remote`."""


class ContentDigest(msgspec.Struct, frozen=True):
    """Size in bytes and digests (hex) of the plain content."""

    bytes: int
    sha256: str
    md5: str
    """Only for originals: the form of the certificate asks for the MD5, although MD5 proves nothing."""


class WriteFailed(OSError):  # noqa: N818 - it reads as what it says
    """A sealed file, read back after writing, differs from what was written. The file was removed; try again."""


class _DigestingReader(io.RawIOBase):
    """Reads from `source` and hashes the bytes; also writes them to `copy`, until a write to `copy` fails.

    After the content it reads the padding: zeros, and the content's length.
    """

    def __init__(self, source: BinaryIO, copy: BinaryIO | None, least: int, *, with_md5: bool) -> None:
        self._source = source
        self._least = least
        self._copy = copy
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        self._count = self._padding = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = b"" if self._padding else self._source.read(size)
        if not data:
            return self._read_padding(size)
        self._sha256.update(data)
        if self._md5 is not None:
            self._md5.update(data)
        self._count += len(data)
        if self._copy is not None:
            try:
                self._copy.write(data)
            except OSError:  # the tmpfs is full: the original is sealed all the same
                self._copy = None
        return data

    def _read_padding(self, size: int) -> bytes:
        left = self.padded - self._count - self._padding
        if left > _LENGTH:
            found = bytes(min(size, left - _LENGTH))
        else:
            found = self._count.to_bytes(_LENGTH)[_LENGTH - left :][:size]
        self._padding += len(found)
        return found

    @property
    def padded(self) -> int:
        return max(self._least, sealing.size_class(self._count + _LENGTH, _LEAST, _STEPS))

    @property
    def copied(self) -> bool:
        return self._copy is not None

    @property
    def digest(self) -> ContentDigest:
        md5 = self._md5.hexdigest() if self._md5 is not None else ""
        return ContentDigest(self._count, self._sha256.hexdigest(), md5)


class SealedPart:
    """A sealed file that is written as `<target>.part` and locked, but neither flushed nor renamed yet."""

    def __init__(self, target: Path, file: BinaryIO, reader: _DigestingReader) -> None:
        self.digest = digest = reader.digest
        """Size and digests of the sealed content."""
        self.padded = reader.padded
        """Size of the padded content."""
        self.copied = reader.copied
        """Whether the plain copy is complete."""
        self._expected = digest.bytes
        self._target = target
        self._part = _part(target)
        self._file = file

    def expect(self, content: int) -> None:
        """Set how many bytes the content must have. `flush` fails if another number of bytes was sealed."""
        self._expected = content

    def flush(self) -> None:
        """Check that the file is complete, and flush it to the disk.

        Raises:
            WriteFailed: the file is not complete.
        """
        if self._expected != self.digest.bytes or not _is_complete(self._part, self.padded):
            raise WriteFailed("a sealed file was not written completely")
        forget_exact_times(self._part)
        os.fsync(self._file.fileno())

    def rename(self) -> None:
        """Rename the file to its final name."""
        self._part.rename(self._target)
        self._file.close()

    def discard(self) -> None:
        """Remove the file, unless it has its final name."""
        if not self._file.closed:
            self._part.unlink(missing_ok=True)
            self._file.close()

    @property
    def folder(self) -> Path:
        return self._target.parent


def seal_file(
    source: BinaryIO,
    target: Path,
    recipient: str,
    copy: BinaryIO | None = None,
    *,
    least: int = 0,
    with_md5: bool = False,
) -> SealedPart:
    """Encrypt a stream into `<target>.part`; `put_in_place` renames that file.

    `least`: least size of the padded content. A copy is given its original's, so that it has no size of its own.

    Raises:
        BlockingIOError: another process is writing the same file.
        OSError: the disk failed or is full.
    """
    reader = _DigestingReader(source, copy, least, with_md5=with_md5)
    descriptor = os.open(_part(target), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    out = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        out.close()
        raise
    try:
        out.truncate()
        _encrypt(reader, out, recipient)
    except BaseException:
        discard_part(target)
        out.close()
        raise
    return SealedPart(target, out, reader)


def put_in_place(*parts: SealedPart) -> None:
    """Check and flush the parts in one folder, rename each to its final name, and flush the folder.

    All copies of a file go together, since each flush holds up the commits of every database on the same disk.

    Raises:
        WriteFailed: a part is not a sealed file with content of its size. All parts were removed.
        OSError: the disk failed. All parts were removed.
    """
    try:
        for part in parts:
            part.flush()
        for part in parts:
            part.rename()
    except BaseException:
        for part in parts:
            part.discard()
        raise
    forget_exact_times(parts[0].folder)
    flush_folder(parts[0].folder)


def forget_exact_times(*paths: Path) -> None:
    """Set the times of files and folders to the beginning of today (UTC).

    A file system still stores two times that nobody can set: when the inode was created, and when it last changed.
    """
    now = int(time.time())
    day = now - now % 86_400
    for path in paths:
        os.utime(path, (day, day))


def discard_part(target: Path) -> None:
    """Remove `<target>.part`, if there is one."""
    _part(target).unlink(missing_ok=True)


def remove_abandoned_parts(root: Path) -> None:
    """Remove, at any depth, the parts that killed processes left. Parts that are being written are locked, and stay."""
    for part in root.rglob(f"*{PART}"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def erase(folder: Path, name: str) -> None:
    """Remove the sealed original and every copy of a file, and flush the folder. A missing file is no error."""
    _erase(folder, [path_of(folder, name) for path_of in (original_path, *_derived())])


def erase_derived_copies(folder: Path, name: str) -> None:
    """Remove the copies that an earlier run made of a file, but not its original."""
    _erase(folder, [path_of(folder, name) for path_of in _derived()])


def _derived() -> tuple[Callable[[Path, str], Path], ...]:
    return (clean_path, muted_path, disguised_path, preview_path)


def _erase(folder: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        discard_part(path)
    if folder.is_dir():
        forget_exact_times(folder)
        flush_folder(folder)


def original_path(folder: Path, name: str) -> Path:
    """Return the path of a file's sealed original."""
    return folder / f"{name}.original.age"


def clean_path(folder: Path, name: str) -> Path:
    """Return the path of a file's sealed clean copy."""
    return folder / f"{name}.clean.age"


def preview_path(folder: Path, name: str) -> Path:
    """Return the path of a file's sealed preview."""
    return folder / f"{name}.preview.age"


def total_original_bytes(folder: Path, prefix: str) -> int:
    """Return the bytes of all originals whose names begin with `prefix`, at most: their padding is hardly a fifth."""
    found = folder.glob(f"{prefix}*.original.age") if folder.is_dir() else ()
    return sum(path.stat().st_size for path in found) * _STEPS // (_STEPS + 1)


def disguised_path(folder: Path, name: str) -> Path:
    """Return the path of the sealed disguised copy of a voice."""
    return folder / f"{name}.disguised.age"


def muted_path(folder: Path, name: str) -> Path:
    """Return the path of a film's sealed copy without sound."""
    return folder / f"{name}.muted.age"


def open_sealed(path: Path, identity: str, workspace: Path, expected_sha256: str = "") -> Generator[bytes, None, None]:
    """Decrypt a sealed file and yield its content in chunks. The whole file is authenticated before the first chunk.

    Blocks: run it in a thread. The plain content lies in a temporary folder of `workspace` until the last chunk.

    Raises:
        CantOpen: the key is wrong, or the file was altered, is truncated, or has another SHA-256.
        FileNotFoundError: there is no such file.
    """
    with temporary_folder(workspace) as folder, (folder / "plain").open("w+b") as plain:
        with path.open("rb") as sealed:
            _decrypt(sealed, plain, identity)
        _remove_padding(plain)
        plain.seek(0)
        if expected_sha256 and hashlib.file_digest(plain, "sha256").hexdigest() != expected_sha256:
            raise CantOpen("the file is not the one that was recorded")
        plain.seek(0)
        while chunk := plain.read(_STEP):
            yield chunk


def _encrypt(reader: _DigestingReader, out: BinaryIO, recipient: str) -> None:
    sealing.encrypt_stream(reader, out, recipient)
    out.flush()
    if sys.platform == "linux":
        # The disk begins with it at once, and finds room for it: the first flush of several then serves them all.
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _decrypt(sealed: BinaryIO, plain: BinaryIO, identity: str) -> None:
    try:
        sealing.decrypt_stream(sealed, plain, identity)
    except (CantOpen, OSError):
        raise CantOpen("the file does not open with this key, or was altered") from None
    plain.flush()


def _remove_padding(plain: BinaryIO) -> None:
    padded = plain.seek(0, os.SEEK_END)
    plain.seek(max(0, padded - _LENGTH))
    content = int.from_bytes(plain.read())
    if padded < _LEAST or content > padded - _LENGTH:
        raise CantOpen("the file is not padded as a sealed file is")
    plain.truncate(content)


def _is_complete(part: Path, content: int) -> bool:
    """Whether the file is an age header, followed by exactly as many bytes as this content has when encrypted."""
    with part.open("rb") as file:
        head = file.read(_HEADER_MOST)
    mac = head.find(b"\n--- ")
    end = head.find(b"\n", mac + 1)
    chunks = max(1, -(-content // _AGE_CHUNK))
    payload = _NONCE + content + chunks * _TAG
    return head.startswith(_MAGIC) and 0 < mac < end and part.stat().st_size == end + 1 + payload


def _part(target: Path) -> Path:
    return target.with_name(target.name + PART)
