"""The verifier of packs: without any key, any database, any network. It names what was altered."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from satark.custody import chain
from satark.custody.chain import canonical
from satark.custody.manifest import FORMAT, Manifest
from satark.custody.pack import CERTIFICATES, CUSTODY, MANIFEST, SEAL, Line, Log, entry_in, seal_of

_STEP: Final = 1 << 18
_HEADER: Final = 30
"""Bytes of a local file header before the name (APPNOTE.TXT, 4.3.7)."""
_MOST: Final = 64 << 20
"""Most bytes of what a pack says of itself; a longer one is none."""
_LIST: Final = 1 << 20
"""Most bytes of the list of files at the end of a pack (some 10,000 files)."""
_NAME: Final = 255
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CONTAINER: Final = "the container (the ZIP around the files)"


class PackProblem(msgspec.Struct, frozen=True):
    """Something that is wrong: with which part of the pack, and what."""

    part: str
    what: str

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found."""

    problems: tuple[PackProblem, ...]
    number: str = ""
    items: int = 0
    rows: int = 0
    manifest: str = ""
    """SHA-256 of the manifest as it is, hex: compare it with the signed certificate."""
    head: str = ""


def verify_pack(path: Path, printed: str = "") -> Verdict:
    """Verify a pack.

    Args:
        path: the pack.
        printed: the manifest's SHA-256 as a signed certificate shows it; it finds even a pack that was made anew.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        try:
            opened = _Opened(file)
        except (zipfile.BadZipFile, ValueError, struct.error, EOFError, NotImplementedError, RuntimeError):
            return Verdict(problems=(PackProblem(_CONTAINER, "it can't be read as a pack, or was cut short"),))
        return opened.verdict(printed)


class _Opened:
    """A pack that at least is a ZIP."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._problems: list[PackProblem] = []
        self._size = file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(_Modest(file)) as archive:
            infos = archive.infolist()
        self._check_layout(infos)
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            self._wrong(_CONTAINER, "a name stands in it twice")
        self._digests = {name: self._digest(info) for name, info in self._infos.items()}

    def verdict(self, printed: str) -> Verdict:
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
            self._wrong(MANIFEST, "its hash is not the one that the certificate shows: this is another pack")
        return Verdict(
            problems=tuple(dict.fromkeys(self._problems)),
            number=manifest.number if manifest else "",
            items=len(manifest.items) if manifest else 0,
            rows=len(log.rows) if log else 0,
            manifest=digest,
            head=manifest.head if manifest else "",
        )

    def _wrong(self, part: str, what: str) -> None:
        self._problems.append(PackProblem(part, what))

    def _check_layout(self, infos: list[zipfile.ZipInfo]) -> None:
        """Refuse what says of itself that its files lie elsewhere than one after the other: each is read but once."""
        free = 0
        for info in infos:
            start, size = _span(info)
            if info.header_offset < free or size > zipfile.ZIP64_LIMIT or len(info.filename.encode()) > _NAME:
                raise zipfile.BadZipFile
            free = start + size
        if free > self._size:
            raise zipfile.BadZipFile

    def _digest(self, info: zipfile.ZipInfo) -> str:
        start, left = _span(info)
        self._file.seek(start)
        digest = hashlib.sha256()
        while left and (piece := self._file.read(min(left, _STEP))):
            digest.update(piece)
            left -= len(piece)
        return digest.hexdigest()

    def _content(self, name: str) -> bytes:
        info = self._infos.get(name)
        if info is None:
            return b""
        start, size = _span(info)
        self._file.seek(start)
        return self._file.read(min(size, _MOST))

    def _check_seal(self) -> None:
        content = self._content(SEAL)
        actual = {name: digest for name, digest in self._digests.items() if name != SEAL}
        if content == seal_of(actual):
            return
        try:
            sealed = msgspec.json.decode(content, type=dict[str, dict[str, str] | str])["files"]
        except (*_UNREADABLE, KeyError):
            sealed = None
        if not isinstance(sealed, dict):
            self._wrong(SEAL, "it was altered: it can't be read")
            return
        named = len(self._problems)
        for name in sorted(sealed.keys() | actual.keys()):
            if name not in actual:
                self._wrong(name, f"it is missing, or its line in {SEAL} was altered")
            elif name not in sealed:
                self._wrong(name, f"it was put in, or its line in {SEAL} was altered")
            elif sealed[name] != actual[name]:
                self._wrong(name, f"it was altered, or its line in {SEAL} was")
        if len(self._problems) == named:
            self._wrong(SEAL, "it was altered")

    def _manifest(self) -> Manifest | None:
        content = self._content(MANIFEST)
        try:
            manifest = msgspec.json.decode(content, type=Manifest)
        except _UNREADABLE:
            self._wrong(MANIFEST, "it was altered: it can't be read")
            return None
        if canonical(manifest) != content or manifest.format != FORMAT:
            self._wrong(MANIFEST, "it was altered: it is not written as packs write it")
        return manifest

    def _log(self) -> Log | None:
        content = self._content(CUSTODY)
        try:
            log = msgspec.json.decode(content, type=Log)
        except _UNREADABLE:
            self._wrong(CUSTODY, "it was altered: it can't be read")
            return None
        if canonical(log) != content:
            self._wrong(CUSTODY, "it was altered: it is not written as packs write it")
        return log

    def _check_items(self, manifest: Manifest) -> None:
        expected = {item.filename: item for item in manifest.items}
        for name, item in expected.items():
            info = self._infos.get(name)
            if info is None:
                self._wrong(name, f"{MANIFEST} names it, and it is not there")
            elif (item.sha256, item.bytes) != (self._digests[name], info.file_size):
                self._wrong(name, f"it is not the file that {MANIFEST} names")
        for name in self._infos.keys() - expected.keys() - {CUSTODY, MANIFEST, SEAL, *CERTIFICATES}:
            self._wrong(name, f"it is in the pack, and {MANIFEST} does not name it")
        for name in CERTIFICATES:
            if name not in self._infos:
                self._wrong(name, "it is not there")

    def _check_chain(self, log: Log) -> None:
        before = bytes.fromhex(log.start) if _is_hash(log.start) else b""
        for place, line in enumerate(log.rows, 1):
            part = f"{CUSTODY}, row {place}"
            if line.seq != place:
                self._wrong(
                    part, f"it is out of order, or rows are missing or put in: it says that it is row {line.seq}"
                )
            if not all(map(_is_hash, (line.entry_sha256, line.sealed_sha256, line.hash))):
                self._wrong(part, "it was altered: a hash of it is none")
                continue
            row = _row(line)
            if line.entry is None and not row.erasure:
                self._wrong(part, "its entry was taken away")
            elif line.entry is not None and chain.commitment(line.entry) != row.entry:
                self._wrong(part, "its entry was altered")
            if chain.step(before, row) != bytes.fromhex(line.hash):
                self._wrong(part, "it was altered, or does not follow from the row before")
            before = bytes.fromhex(line.hash)

    def _check_custody(self, manifest: Manifest, log: Log) -> None:
        """Hold the files against what the log says was received and made."""
        if self._digests.get(CUSTODY) != manifest.custody:
            self._wrong(CUSTODY, f"it is not the log that {MANIFEST} names")
        if not log.rows or log.rows[-1].hash != manifest.head:
            self._wrong(CUSTODY, f"it does not end where {MANIFEST} says: rows were cut off or added")
        logged = {(line.file, line.entry.form, line.entry.sha256) for line in log.rows if line.entry is not None}
        exports = _exports(log)
        for item in manifest.items:
            if (item.file, _FORMS[item.role], item.sha256) not in logged:
                self._wrong(item.filename, "the custody log knows no such file")
            if (item.file, _FORMS[item.role], item.prev_chain_hash) not in exports:
                self._wrong(item.filename, "the custody log does not say that it was exported")

    def _check_container(self) -> None:
        """Write the pack once more, over itself: it must come out the same, to the last byte."""
        over = _Over(self._file)
        with zipfile.ZipFile(over, "w", zipfile.ZIP_STORED) as archive:
            for name, info in self._infos.items():
                start, size = _span(info)
                with archive.open(entry_in(name), "w") as out:
                    for at in range(start, start + size, _STEP):
                        self._file.seek(at)
                        out.write(self._file.read(min(_STEP, start + size - at)))
        if over.differs or over.end != self._size:
            self._wrong(_CONTAINER, "it was altered, or is not written as packs are")


_FORMS: Final = {"original": "original", "scrubbed": "clean", "transcript": "transcript"}


class _Modest(io.RawIOBase):
    """A file to read a list of files from, as long as it asks for no more at once than a pack's could be."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        if size > _LIST:
            raise zipfile.BadZipFile
        return self._file.read(_LIST if size < 0 else size)


class _Over(io.RawIOBase):
    """Takes what is written, and compares it with what stands there already."""

    def __init__(self, original: BinaryIO) -> None:
        self._original = original
        self._at = 0
        self.end = 0
        self._wrong: dict[int, int] = {}

    @property
    def differs(self) -> bool:
        """Whether anything that was written, as it stood at the end, is not what stands there."""
        return bool(self._wrong)

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
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._original.seek(self._at)
        # A header is written twice: once before its file, and over that once the file's length is known.
        if self._original.read(len(piece)) == piece:
            self._wrong.pop(self._at, None)
        else:
            self._wrong[self._at] = len(piece)
        self._at += len(piece)
        self.end = max(self.end, self._at)
        return len(piece)


def _span(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where a file's content starts, and its bytes."""
    return info.header_offset + _HEADER + len(info.filename.encode()), info.file_size


def _row(line: Line) -> chain.Row:
    digests = {"entry": bytes.fromhex(line.entry_sha256), "content": bytes.fromhex(line.sealed_sha256)}
    return chain.Row(seq=line.seq, file=line.file, day=line.day, **digests)


def _exports(log: Log) -> set[tuple[str, str, str]]:
    """(file, form, the hash before it) of every export."""
    return {
        (line.file, line.entry.form, before.hash)
        for before, line in pairwise(log.rows)
        if line.entry is not None and line.entry.act == "exported"
    }


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == len(chain.ORIGIN) and text == text.lower()
    except ValueError:
        return False
