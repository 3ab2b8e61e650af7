"""Verifies a pack without a key, a database or a network, and names what was altered."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from satark.custody import chain
from satark.custody.chain import canonical_json
from satark.custody.manifest import (
    FORMAT,
    SIGNATURE,
    Manifest,
    PackSignature,
    ReceivedFile,
    Signer,
    WithheldFile,
    is_signed_by,
)
from satark.custody.pack import CUSTODY, MANIFEST, SEAL, PackLog, PackRow, blanked, pack_order, seal_json, zip_entry
from satark.custody.pack_container import BoundedReader, ComparingWriter
from satark.roster.chain import verify as verify_roster
from satark.roster.entries import DeskAdded, Entry, KeyChange
from satark_files.decoding import DECODING_ERRORS

_STEP: Final = 1 << 18
_HEADER: Final = 30
"""Bytes of a local file header before the name (APPNOTE.TXT, 4.3.7)."""
_MAX_CONTENT: Final = 64 << 20
"""Most bytes of the manifest and of the log; a longer one is refused."""
_MAX_NAME: Final = 255
_CONTAINER: Final = "the container (the ZIP around the files)"
_REQUIRED_CERTIFICATES: Final = ("certificate-hi.pdf", "certificate-en.pdf")
"""Every pack has at least these; a pack of a later or an earlier version may have other languages besides."""
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
    exported: str = ""
    """When the pack was exported (UTC), as the exporting desk says."""
    signer: Signer | None = None
    """The desk that signed the pack; None: the signature is missing or false."""
    countersigner: Signer | None = None
    """The other desk that countersigned the pack (`satark.custody.countersignature`), if this was checked."""
    countersigned: str = ""
    """When the countersigning desk had the pack (UTC)."""


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


def held_against(report: PackReport, roster: Iterable[bytes]) -> PackReport:
    """Return a report, checked against the roster: a desk that the roster lists must have signed, with its own key.

    Args:
        report: of the pack.
        roster: the encoded entries of the office's roster. Former keys of a desk count too, since packs outlast keys.
    """
    verified = verify_roster(roster)
    problems = [PackProblem("the roster", one) for one in verified.problems]
    signer = report.signer
    if signer is None:
        problems.append(PackProblem(SIGNATURE, "no desk signed the pack, or the signature is false"))
    for part, one in ((SIGNATURE, signer), ("the countersignature", report.countersigner)):
        if one is not None and one.verifier not in _verifiers(verified.entries, one.desk):
            problems.append(PackProblem(part, "the roster never listed this key for this desk"))
    return msgspec.structs.replace(report, problems=(*report.problems, *problems))


def _verifiers(entries: Iterable[Entry | None], desk: str) -> set[str]:
    """Return every key that a roster listed for a desk to sign with."""
    bodies = [entry.body for entry in entries if entry is not None]
    added = {body.verifier for body in bodies if isinstance(body, DeskAdded) and body.desk.name == desk}
    return added | {body.verifier for body in bodies if isinstance(body, KeyChange) and body.desk == desk}


class _PackVerifier:
    """Verifies a pack that at least is a ZIP file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._problems: list[PackProblem] = []
        self._is_signed = False
        self._size = file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(BoundedReader(file)) as archive:
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
            self._check_certificates(manifest)
            self._check_order(manifest)
            self._is_signed = self._check_signature(manifest)
        if log is not None:
            self._check_chain(log)
        if manifest is not None and log is not None:
            self._check_custody(manifest, log)
            self._check_received(manifest, log)
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
            exported=manifest.utc if manifest else "",
            signer=manifest.signer if manifest and self._is_signed else None,
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
        for name in sorted(self._infos.keys() - set(pack_order(manifest))):
            self._add_problem(name, f"it is in the pack, but {MANIFEST} does not list it")

    def _check_certificates(self, manifest: Manifest) -> None:
        for name in sorted({*_REQUIRED_CERTIFICATES, *manifest.certificates}):
            if name not in self._infos:
                self._add_problem(name, "it is missing")
            elif name not in manifest.certificates or not _is_certificate(name):
                self._add_problem(name, f"{MANIFEST} does not list it")
            else:
                unprinted = blanked(self._content(name), self._digests[MANIFEST])
                if unprinted is None:
                    self._add_problem(name, f"it does not print the hash of {MANIFEST}: it is of another pack")
                elif hashlib.sha256(unprinted).hexdigest() != manifest.certificates[name]:
                    self._add_problem(name, f"it is not the certificate that {MANIFEST} lists")

    def _check_order(self, manifest: Manifest) -> None:
        expected = [name for name in pack_order(manifest) if name in self._infos]
        found = [name for name in self._infos if name in set(expected)]
        if found != expected:
            misplaced = next(name for name, right in zip(found, expected, strict=True) if name != right)
            self._add_problem(misplaced, "it does not stand in its place: files of the pack were reordered")

    def _check_signature(self, manifest: Manifest) -> bool:
        """Whether the signature is the one of the desk that the manifest names."""
        if manifest.signer is None:
            return False
        content = self._content(SIGNATURE)
        try:
            signature = msgspec.json.decode(content, type=PackSignature)
        except DECODING_ERRORS:
            self._add_problem(SIGNATURE, "it is missing, or was altered: it can't be read")
            return False
        good = is_signed_by(manifest.signer, signature, self._digests[MANIFEST])
        if not good or canonical_json(signature) != content:
            self._add_problem(SIGNATURE, f"it is not the signature of the desk {manifest.signer.desk} on {MANIFEST}")
        return good

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
            if not any((item.file, form, item.sha256) in logged for form in _LOGGED[item.role]):
                self._add_problem(item.filename, "the custody log has no such file")
            if (item.file, _FORMS[item.role], item.prev_chain_hash) not in exports:
                self._add_problem(item.filename, "the custody log does not record its export")

    def _check_received(self, manifest: Manifest, log: PackLog) -> None:
        """Compare the list of files as received, and what could not be cleaned, with the log."""
        received, problems = _received(log), _uncleaned(log)
        files: dict[str, ReceivedFile | WithheldFile] = {one.file: one for one in manifest.originals}
        files |= {one.file: one for one in manifest.withheld}
        if len(files) != len(manifest.originals) + len(manifest.withheld):
            self._add_problem(MANIFEST, "it lists a received file twice")
        for name in sorted(files.keys() | received.keys()):
            one, entry = files.get(name), received.get(name)
            if one is None:
                self._add_problem(MANIFEST, f"it does not list file {name}, which the custody log has")
            elif entry is None:
                self._add_problem(MANIFEST, f"it lists file {name}, of which the custody log has nothing")
            elif (one.sha256, one.bytes, one.mime) != (entry.sha256, entry.bytes, entry.mime) or (
                isinstance(one, ReceivedFile) and (one.md5, one.problem) != (entry.md5, problems.get(name, ""))
            ):
                self._add_problem(MANIFEST, f"it lists file {name} otherwise than the custody log does")

    def _check_container(self) -> None:
        """Write the pack again and compare: every byte must be the same."""
        writer = ComparingWriter(self._file)
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
_LOGGED: Final = {"original": ("original",), "scrubbed": ("clean", "muted"), "transcript": ("transcript",)}
"""Role of an item → the forms under which the log may have its hash: of a film the copy without sound leaves."""


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


def _received(log: PackLog) -> dict[str, chain.LogEntry]:
    """Return file → the entry that records its receipt."""
    entries = ((packed.file, packed.entry) for packed in log.rows)
    return {file: entry for file, entry in entries if entry is not None and entry.action == "received"}


def _uncleaned(log: PackLog) -> dict[str, str]:
    """Return file → the reason why there is no clean copy of it."""
    entries = ((packed.file, packed.entry) for packed in log.rows)
    return {file: entry.reason for file, entry in entries if entry is not None and entry.action == "uncleaned"}


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == len(chain.GENESIS) and text == text.lower()
    except ValueError:
        return False
