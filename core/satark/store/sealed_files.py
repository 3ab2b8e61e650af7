"""Sealed files of evidence: encrypted to the tip's key, written atomically, and checked after writing and at opening.

A sealed file is an age file (age-encryption.org/v1) in the store of files. `seal_file` writes it; `put_in_place` checks
it and gives it its name.
"""

import hashlib
import io
import os
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple, TypeAlias, get_args

import msgspec

from satark.api import sealing
from satark.api.sealing import CantOpen
from satark.store.workspace import temporary_folder
from satark_files.file_store import FileStore, Part

SealedForm: TypeAlias = Literal["original", "clean", "muted", "disguised", "preview"]
"""A sealed form of a file: as received, cleaned, a film without sound, a voice disguised, a preview for the desk."""
FORMS: Final[tuple[SealedForm, ...]] = get_args(SealedForm)
_MAGIC = b"age-encryption.org/v1\n"
_HEADER_MOST = 4096
# age-encryption.org/v1, "Payload": a nonce, then chunks of 64 KiB with a tag each, at least one.
_NONCE, _AGE_CHUNK, _TAG = 16, 65536, 16
_STEP = 1 << 18
_LENGTH = 8
"""Size in bytes of the content's length (big-endian), with which the padded content ends."""
_LEAST, _STEPS = 1 << 14, 5
"""Smallest size of a padded content in bytes, and number of sizes from there to its double, and in each later doubling.

So nobody who knows the sizes of sent photos can tell which of them is stored. This costs a tenth of the disk; the finer
classes of Padmé would single out half of 200 photos.
"""
PREVIEW = 60 << 10
"""Least size of a padded preview in bytes. Nearly all have this size; it fits into one `satark.remote` frame."""


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


class StoredForm(NamedTuple):
    """A sealed form of a file in the store: see `satark.api.SealedCopy`."""

    store: FileStore
    name: str

    def read_bytes(self) -> bytes:
        return self.store.read(self.name)

    def remove(self) -> None:
        """Remove the form, if it exists."""
        self.store.remove([self.name])

    def exists(self) -> bool:
        return self.store.size(self.name) is not None


class SealedPart:
    """A sealed file that is written but has no name yet."""

    def __init__(self, store: FileStore, part: Part, reader: _DigestingReader) -> None:
        self.digest = digest = reader.digest
        """Size and digests of the sealed content."""
        self.padded = reader.padded
        """Size of the padded content."""
        self.copied = reader.copied
        """Whether the plain copy is complete."""
        self.store = store
        self.part = part
        self._expected = digest.bytes

    def expect(self, content: int) -> None:
        """Set how many bytes the content must have. `check` fails if another number of bytes was sealed."""
        self._expected = content

    def check(self) -> None:
        """Check that the file is complete.

        Raises:
            WriteFailed: the file is incomplete.
        """
        if self._expected != self.digest.bytes or not _is_complete(self.part.file, self.padded):
            raise WriteFailed("a sealed file was not written completely")

    def discard(self) -> None:
        """Remove the file, unless it has its name already."""
        self.part.discard()


def seal_file(
    source: BinaryIO,
    target: StoredForm,
    recipient: str,
    copy: BinaryIO | None = None,
    *,
    least: int = 0,
    with_md5: bool = False,
) -> SealedPart:
    """Encrypt a stream into a file; `put_in_place` gives it its name.

    `least`: least size of the padded content. A copy gets its original's size, so that it does not show its own.

    Raises:
        BlockingIOError: another process is writing the same file.
        OSError: the disk failed or is full.
    """
    reader = _DigestingReader(source, copy, least, with_md5=with_md5)
    part = target.store.begin(target.name)
    try:
        _encrypt(reader, part.file, recipient)
    except BaseException:
        part.discard()
        raise
    return SealedPart(target.store, part, reader)


def put_in_place(*parts: SealedPart) -> None:
    """Check the parts, which are in one store, and give each its final name.

    Raises:
        WriteFailed: a part is not a sealed file with content of its size. All parts were removed.
        OSError: the disk failed, or the store is down. Parts without a name were removed.
    """
    try:
        for part in parts:
            part.check()
        parts[0].store.finish(*(part.part for part in parts))
    finally:
        for part in parts:
            part.discard()


def erase(store: FileStore, names: Iterable[str]) -> None:
    """Remove the sealed originals and every copy of these files. A missing file is no error."""
    if found := [form_name(name, form) for name in names for form in FORMS]:
        store.remove(found)


def erase_derived_copies(store: FileStore, name: str) -> None:
    """Remove the copies that an earlier run made of a file, but not its original."""
    store.remove(form_name(name, form) for form in FORMS if form != "original")


def form_name(name: str, form: SealedForm) -> str:
    return f"{name}.{form}.age"


def sizes(store: FileStore) -> dict[str, dict[str, int]]:
    """Return name of a file → form → size in bytes, of all files in the store."""
    found: dict[str, dict[str, int]] = {}
    for one in store.files():
        name, _, form = one.name.removesuffix(".age").rpartition(".")
        found.setdefault(name, {})[form] = one.bytes
    return found


def sizes_of(store: FileStore, name: str) -> dict[str, int]:
    """Return form → size in bytes of one file."""
    found = ((form, store.size(form_name(name, form))) for form in FORMS)
    return {form: size for form, size in found if size is not None}


def stored_form(store: FileStore, name: str, form: SealedForm) -> StoredForm:
    return StoredForm(store, form_name(name, form))


def total_original_bytes(store: FileStore, names: Iterable[str]) -> int:
    """Return the number of bytes of these files' originals, estimated from their padded sizes."""
    return sum(store.size(form_name(name, "original")) or 0 for name in names) * _STEPS // (_STEPS + 1)


def open_sealed(
    sealed: StoredForm, identity: str, workspace: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Decrypt a sealed file and yield its content in chunks. The whole file is authenticated before the first chunk.

    Blocks: run it in a thread. The plain content is in a temporary folder of `workspace` until the last chunk.

    Raises:
        CantOpen: the key is wrong, or the file was altered, is truncated, or has another SHA-256.
        FileNotFoundError: there is no such file.
    """
    with temporary_folder(workspace) as folder, (folder / "plain").open("w+b") as plain:
        with sealed.store.open(sealed.name) as file:
            _decrypt(file, plain, identity)
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


def _is_complete(file: BinaryIO, content: int) -> bool:
    """Whether the file is an age header and exactly as many bytes as the encrypted content has."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEADER_MOST)
    mac = head.find(b"\n--- ")
    end = head.find(b"\n", mac + 1)
    chunks = max(1, -(-content // _AGE_CHUNK))
    payload = _NONCE + content + chunks * _TAG
    return head.startswith(_MAGIC) and 0 < mac < end and size == end + 1 + payload
