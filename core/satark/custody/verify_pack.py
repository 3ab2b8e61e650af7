"""Verifies a pack without a key, a database or a network, and names what was altered."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from satark.custody import chain
from satark.custody.chain import canonical_json
from satark.custody.manifest import FORMAT, Manifest
from satark.custody.pack import CUSTODY, MANIFEST, SEAL, PackLog, PackRow, seal_json, zip_entry
from satark.decoding import DECODING_ERRORS

_STEP: Final = 1 << 18
_HEADER: Final = 30
"""Bytes of a local file header before the name (APPNOTE.TXT, 4.3.7)."""
_MAX_CONTENT: Final = 64 << 20
"""Most bytes of the manifest and of the log; a longer one is refused."""
_MAX_DIRECTORY: Final = 1 << 20
"""Most bytes of the central directory at the end of a pack (about 10,000 files)."""
_MAX_NAME: Final = 255
_CONTAINER: Final = "the container (the ZIP around the files)"
_REQUIRED_CERTIFICATES: Final = ("certificate-hi.pdf", "certificate-en.pdf")
"""Every pack has at least these; one that a later or an earlier version wrote may have other languages besides."""
_is_certificate = re.compile(r"certificate-[a-z]{2,3}\.pdf").fullmatch


class PackProblem(msgspec.Struct, frozen=True):
    """A problem with a part of the pack."""

    part: str
    what: str

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


class PackReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a verification."""

    problems: tuple[PackProblem, ...]
    number: str = ""
    items: int = 0
    rows: int = 0
    manifest: str = ""
    """SHA-256 of the manifest, hex, to be compared with the signed certificate."""
    head: str = ""


def verify_pack(path: Path, printed: str = "") -> PackReport:
    """Verify a pack.

    Args:
        path: the pack.
        printed: the manifest's SHA-256 on a signed certificate; it detects even a pack that was made anew.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        try:
            verifier = _PackVerifier(file)
        except (zipfile.BadZipFile, ValueError, struct.error, EOFError, NotImplementedError, RuntimeError):
            return PackReport(problems=(PackProblem(_CONTAINER, "it can't be read as a pack, or was cut short"),))
        return verifier.report(printed)


class _PackVerifier:
    """Verifies a pack that at least is a ZIP file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._problems: list[PackProblem] = []
        self._size = file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(_BoundedReader(file)) as archive:
            infos = archive.infolist()
        self._check_layout(infos)
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            self._add_problem(_CONTAINER, "it contains a name twice")
        self._digests = {name: self._digest(info) for name, info in self._infos.items()}

    def report(self, printed: str) -> PackReport:
        self._check_seal()
        manifest, log = self._manifest(), self._log()
        if manifest is not None:
            self._check_items(manifest)
        if log is not None:
            self._check_chain(log)
        if manifest is not None and log is not None:
            self._check_custody(manifest, log)
        self._check_container()
        digest = self._digests.get(MANIFEST, "")
        if printed and printed.replace(" ", "").lower() != digest:
            self._add_problem(MANIFEST, "its hash is not the one on the certificate: this is another pack")
        return PackReport(
            problems=tuple(dict.fromkeys(self._problems)),
            number=manifest.number if manifest else "",
            items=len(manifest.items) if manifest else 0,
            rows=len(log.rows) if log else 0,
            manifest=digest,
            head=manifest.head if manifest else "",
        )

    def _add_problem(self, part: str, what: str) -> None:
        self._problems.append(PackProblem(part, what))

    def _check_layout(self, infos: list[zipfile.ZipInfo]) -> None:
        """Refuse files that do not lie one after the other, so that every byte is read at most once."""
        free = 0
        for info in infos:
            start, size = _span(info)
            if info.header_offset < free or size > zipfile.ZIP64_LIMIT or len(info.filename.encode()) > _MAX_NAME:
                raise zipfile.BadZipFile
            free = start + size
        if free > self._size:
            raise zipfile.BadZipFile

    def _digest(self, info: zipfile.ZipInfo) -> str:
        start, left = _span(info)
        self._file.seek(start)
        digest = hashlib.sha256()
        while left and (chunk := self._file.read(min(left, _STEP))):
            digest.update(chunk)
            left -= len(chunk)
        return digest.hexdigest()

    def _content(self, name: str) -> bytes:
        info = self._infos.get(name)
        if info is None:
            return b""
        start, size = _span(info)
        self._file.seek(start)
        return self._file.read(min(size, _MAX_CONTENT))

    def _check_seal(self) -> None:
        content = self._content(SEAL)
        actual = {name: digest for name, digest in self._digests.items() if name != SEAL}
        if content == seal_json(actual):
            return
        try:
            sealed = msgspec.json.decode(content, type=dict[str, dict[str, str] | str])["files"]
        except (*DECODING_ERRORS, KeyError):
            sealed = None
        if not isinstance(sealed, dict):
            self._add_problem(SEAL, "it was altered: it can't be read")
            return
        named = len(self._problems)
        for name in sorted(sealed.keys() | actual.keys()):
            if name not in actual:
                self._add_problem(name, f"it is missing, or its line in {SEAL} was altered")
            elif name not in sealed:
                self._add_problem(name, f"it was added, or its line in {SEAL} was altered")
            elif sealed[name] != actual[name]:
                self._add_problem(name, f"it was altered, or its line in {SEAL} was")
        if len(self._problems) == named:
            self._add_problem(SEAL, "it was altered")

    def _manifest(self) -> Manifest | None:
        content = self._content(MANIFEST)
        try:
            manifest = msgspec.json.decode(content, type=Manifest)
        except DECODING_ERRORS:
            self._add_problem(MANIFEST, "it was altered: it can't be read")
            return None
        if canonical_json(manifest) != content or manifest.format != FORMAT:
            self._add_problem(MANIFEST, "it was altered: it is not in the format of packs")
        return manifest

    def _log(self) -> PackLog | None:
        content = self._content(CUSTODY)
        try:
            log = msgspec.json.decode(content, type=PackLog)
        except DECODING_ERRORS:
            self._add_problem(CUSTODY, "it was altered: it can't be read")
            return None
        if canonical_json(log) != content:
            self._add_problem(CUSTODY, "it was altered: it is not in the format of packs")
        return log

    def _check_items(self, manifest: Manifest) -> None:
        expected = {item.filename: item for item in manifest.items}
        for name, item in expected.items():
            info = self._infos.get(name)
            if info is None:
                self._add_problem(name, f"{MANIFEST} lists it, but it is missing")
            elif (item.sha256, item.bytes) != (self._digests[name], info.file_size):
                self._add_problem(name, f"it is not the file that {MANIFEST} lists")
        certificates = set(filter(_is_certificate, self._infos))
        for name in self._infos.keys() - expected.keys() - {CUSTODY, MANIFEST, SEAL} - certificates:
            self._add_problem(name, f"it is in the pack, but {MANIFEST} does not list it")
        for name in _REQUIRED_CERTIFICATES:
            if name not in self._infos:
                self._add_problem(name, "it is missing")

    def _check_chain(self, log: PackLog) -> None:
        before = bytes.fromhex(log.start) if _is_hash(log.start) else b""
        for number, packed in enumerate(log.rows, 1):
            part = f"{CUSTODY}, row {number}"
            if packed.seq != number:
                self._add_problem(
                    part, f"it is out of order, or rows are missing or inserted: its number is {packed.seq}"
                )
            if not all(map(_is_hash, (packed.entry_sha256, packed.sealed_sha256, packed.hash))):
                self._add_problem(part, "it was altered: one of its hashes is no hash")
                continue
            row = _row(packed)
            if packed.entry is None and not row.is_erasure:
                self._add_problem(part, "its entry was removed")
            elif packed.entry is not None and chain.commitment(packed.entry) != row.entry:
                self._add_problem(part, "its entry was altered")
            if chain.row_hash(before, row) != bytes.fromhex(packed.hash):
                self._add_problem(part, "it was altered, or does not follow from the previous row")
            before = bytes.fromhex(packed.hash)

    def _check_custody(self, manifest: Manifest, log: PackLog) -> None:
        """Compare the files with what was received and made according to the log."""
        if self._digests.get(CUSTODY) != manifest.custody:
            self._add_problem(CUSTODY, f"it is not the log that {MANIFEST} names")
        if not log.rows or log.rows[-1].hash != manifest.head:
            self._add_problem(CUSTODY, f"it does not end where {MANIFEST} says: rows were cut off or added")
        logged = {
            (packed.file, packed.entry.form, packed.entry.sha256) for packed in log.rows if packed.entry is not None
        }
        exports = _exports(log)
        for item in manifest.items:
            if (item.file, _FORMS[item.role], item.sha256) not in logged:
                self._add_problem(item.filename, "the custody log has no such file")
            if (item.file, _FORMS[item.role], item.prev_chain_hash) not in exports:
                self._add_problem(item.filename, "the custody log does not record its export")

    def _check_container(self) -> None:
        """Write the pack again and compare: every byte must be the same."""
        writer = _ComparingWriter(self._file)
        with zipfile.ZipFile(writer, "w", zipfile.ZIP_STORED) as archive:
            for name, info in self._infos.items():
                start, size = _span(info)
                with archive.open(zip_entry(name), "w") as out:
                    for at in range(start, start + size, _STEP):
                        self._file.seek(at)
                        out.write(self._file.read(min(_STEP, start + size - at)))
        if writer.differs or writer.end != self._size:
            self._add_problem(_CONTAINER, "it was altered, or is not in the format of packs")


_FORMS: Final = {"original": "original", "scrubbed": "clean", "transcript": "transcript"}


class _BoundedReader(io.RawIOBase):
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


class _ComparingWriter(io.RawIOBase):
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


def _span(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the offset of a file's content, and its length."""
    return info.header_offset + _HEADER + len(info.filename.encode()), info.file_size


def _row(packed: PackRow) -> chain.ChainRow:
    digests = {"entry": bytes.fromhex(packed.entry_sha256), "content": bytes.fromhex(packed.sealed_sha256)}
    return chain.ChainRow(seq=packed.seq, file=packed.file, day=packed.day, **digests)


def _exports(log: PackLog) -> set[tuple[str, str, str]]:
    """Return (file, form, previous hash) of every export."""
    return {
        (packed.file, packed.entry.form, before.hash)
        for before, packed in pairwise(log.rows)
        if packed.entry is not None and packed.entry.action == "exported"
    }


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == len(chain.GENESIS) and text == text.lower()
    except ValueError:
        return False
