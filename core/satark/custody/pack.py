"""A pack: a tip's files with all that a court needs to trust them, in one ZIP that any computer opens.

Nothing in it is left to chance: the same content gives the same bytes, so that every byte can be checked. In order:
the files, `custody.json` (the log), `manifest.json` (the hash report; its hash is printed in the certificates), the
certificates, `seal.json` (the hash of each of them).
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from satark.custody import chain
from satark.custody.chain import canonical, moment
from satark.custody.entries import TOOL
from satark.custody.manifest import FORMAT, Issuer, Item, Manifest, Withheld, ist
from satark.printing.fonts import LANGUAGES

if TYPE_CHECKING:
    from satark.casework import Agreement, Casework, OpenTip
    from satark.custody.chain import Form
    from satark.custody.log import Logged
    from satark.tip import Evidence

CUSTODY: Final = "custody.json"
MANIFEST: Final = "manifest.json"
SEAL: Final = "seal.json"
CERTIFICATES: Final = tuple(f"certificate-{language}.pdf" for language in LANGUAGES)

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_ENDINGS: Final = {"image/jpeg": ".jpg", "audio/ogg": ".ogg"}

Role: TypeAlias = Literal["original", "scrubbed", "transcript"]
_ROLES: Final[dict[str, Role]] = {"original": "original", "clean": "scrubbed", "transcript": "transcript"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the custody log as a pack has it. All of it is plain: whoever has the pack may read it."""

    seq: int
    file: str
    day: int
    entry: chain.Entry | None
    entry_sha256: str
    sealed_sha256: str
    hash: str


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A tip's custody log as a pack has it."""

    start: str
    """What goes before the first row, hex."""
    rows: tuple[Line, ...]


class Written(msgspec.Struct, frozen=True):
    """A pack that was written."""

    items: int
    manifest: str
    """SHA-256 of its manifest, hex: what the certificates print."""
    head: str
    """The last hash of the custody log in it, hex."""


def write_pack(
    path: Path, casework: Casework, tip: OpenTip, issuer: Issuer, agreed: Agreement | None = None
) -> Written:
    """Write a pack, readable for this user alone: clean copies, transcripts, and originals where two officers agreed.

    What identifies the tipster is never in it, whoever agrees: their own voice stands there as a transcript.

    Raises:
        CantOpen: a file or the custody log was altered; there is no pack then.
        FileNotFoundError: a file was erased; likewise.
        OSError: it can't be written.
    """
    parts = list(_parts(tip, originals=agreed is not None))
    log, contents = casework.export(tip, [(record.ordinal, form) for record, form in parts], agreed)
    now = moment(int(time.time()))
    partial = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            pack = _Pack(archive)
            items = pack.add_items(parts, contents, log, now)
            written = pack.close(_manifest(tip, casework.desk, issuer, items, now), tip.id, log)
        partial.rename(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return written


def entry_in(name: str) -> zipfile.ZipInfo:
    """How every file stands in a pack: at no time, with no rights, not compressed."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info


def seal_of(digests: dict[str, str]) -> bytes:
    """What `seal.json` holds, given each file's SHA-256."""
    return canonical({"format": FORMAT, "files": digests})


def lines_of(log: Sequence[Logged]) -> tuple[Line, ...]:
    """The rows of a custody log as a pack has them."""
    return tuple(
        Line(
            seq=one.row.seq,
            file=one.row.file,
            day=one.row.day,
            entry=one.entry,
            entry_sha256=one.row.entry.hex(),
            sealed_sha256=one.row.content.hex(),
            hash=one.hash.hex(),
        )
        for one in log
    )


class _Pack:
    """A pack while it is written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._digests: dict[str, str] = {}

    def add_items(
        self,
        parts: Sequence[tuple[Evidence, Form]],
        contents: Sequence[Iterator[bytes]],
        log: Sequence[Logged],
        now: str,
    ) -> tuple[Item, ...]:
        """Copy the files in, and hash them on the way."""
        items: list[Item] = []
        before = _before_export(log)
        for (record, form), pieces in zip(parts, contents, strict=True):
            name = f"files/{record.ordinal}-{_ROLES[form]}{_ending(record, form)}"
            size, sha256, md5 = self._copy(name, pieces)
            original = next((item for item in items if item.file == record.ordinal and item.role == "original"), None)
            items.append(
                Item(
                    item_no=len(items) + 1,
                    file=record.ordinal,
                    role=_ROLES[form],
                    filename=name,
                    bytes=size,
                    mime=_mime(record, form),
                    sha256=sha256,
                    md5=md5,
                    derived_from=original.item_no if original and form == "clean" else 0,
                    tool=TOOL if form == "clean" else "",
                    utc=now,
                    ist=ist(now),
                    prev_chain_hash=before[record.ordinal, form],
                )
            )
        return tuple(items)

    def close(self, manifest: Manifest, tip: str, log: Sequence[Logged]) -> Written:
        """Put in what the pack says of itself."""
        head = log[-1].hash.hex() if log else chain.start(tip).hex()
        custody = canonical(Log(start=chain.start(tip).hex(), rows=lines_of(log)))
        manifest = msgspec.structs.replace(manifest, custody=hashlib.sha256(custody).hexdigest(), head=head)
        self._add(CUSTODY, custody)
        digest = self._add(MANIFEST, canonical(manifest))
        from satark.custody.certificate import certificate  # noqa: PLC0415 - verifiers and servers never print one

        for language, name in zip(LANGUAGES, CERTIFICATES, strict=True):
            self._add(name, certificate(manifest, digest, log, language))
        self._add(SEAL, seal_of(self._digests))
        return Written(len(manifest.items), digest, head)

    def _add(self, name: str, content: bytes) -> str:
        return self._copy(name, iter([content]))[1]

    def _copy(self, name: str, pieces: Iterator[bytes]) -> tuple[int, str, str]:
        size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with self._archive.open(entry_in(name), "w") as out:
            for piece in pieces:
                size += len(piece)
                sha256.update(piece)
                md5.update(piece)
                out.write(piece)
        self._digests[name] = sha256.hexdigest()
        return size, sha256.hexdigest(), md5.hexdigest()


def _parts(tip: OpenTip, *, originals: bool) -> Iterator[tuple[Evidence, Form]]:
    for record in tip.records:
        if record not in tip.evidence:
            if tip.transcript(record.ordinal):
                yield record, "transcript"
            continue
        if originals:
            yield record, "original"
        if record.clean_sha256:
            yield record, "clean"


def _manifest(tip: OpenTip, desk: str, issuer: Issuer, items: tuple[Item, ...], now: str) -> Manifest:
    voices = (voice.record for voice in tip.voices)
    return Manifest(
        number=tip.tip.number,
        desk=desk,
        channel=tip.tip.channel,
        received=tip.tip.received,
        utc=now,
        ist=ist(now),
        issuer=issuer,
        items=items,
        withheld=tuple(Withheld(file=v.ordinal, bytes=v.bytes, mime=v.mime, sha256=v.sha256) for v in voices),
        custody="",
        head="",
    )


def _before_export(log: Sequence[Logged]) -> dict[tuple[str, str], str]:
    """(file, form) → the hash before the row of its last export."""
    found: dict[tuple[str, str], str] = {}
    for previous, one in pairwise(log):
        if one.entry is not None and one.entry.act == "exported":
            found[one.row.file, one.entry.form] = previous.hash.hex()
    return found


def _mime(record: Evidence, form: Form) -> str:
    return {"original": record.mime, "clean": record.clean_mime}.get(form, "text/plain; charset=utf-8")


def _ending(record: Evidence, form: Form) -> str:
    if form == "transcript":
        return ".txt"
    mime = _mime(record, form)
    return _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
