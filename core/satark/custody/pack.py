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
from typing import Final, Literal, TypeAlias

import msgspec

from satark.custody import chain
from satark.custody.chain import Form, canonical, moment
from satark.custody.entries import TOOL
from satark.custody.log import Logged
from satark.custody.manifest import FORMAT, Issuer, Item, Manifest, Withheld, ist
from satark.printing.fonts import LANGUAGES
from satark.redacted import Redacted
from satark.tip import Evidence, Tip

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


class PackContents(Redacted, frozen=True, kw_only=True):
    """What goes into a pack, as the desk that exports it gathered it."""

    tip_id: str
    tip: Tip
    desk: str
    parts: tuple[tuple[Evidence, Form], ...]
    """The files that leave, each in one form, in order."""
    content: tuple[Iterator[bytes], ...]
    """Their content, in the same order."""
    withheld: tuple[Evidence, ...]
    """Recordings of the tipster's own voice: named, never included."""
    log: tuple[Logged, ...]
    """The custody log, with this export in it."""


def write_pack(path: Path, contents: PackContents, issuer: Issuer) -> Written:
    """Write a pack, readable for this user alone.

    Raises:
        CantOpen: a file was altered; there is no pack then.
        FileNotFoundError: a file was erased; there is no pack then.
        OSError: it can't be written.
    """
    now = moment(int(time.time()))
    partial = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            pack = _Pack(archive)
            items = pack.add_items(contents.parts, contents.content, contents.log, now)
            written = pack.close(_manifest(contents, issuer, items, now), contents.tip_id, contents.log)
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


def _manifest(contents: PackContents, issuer: Issuer, items: tuple[Item, ...], now: str) -> Manifest:
    tip, voices = contents.tip, contents.withheld
    return Manifest(
        number=tip.number,
        desk=contents.desk,
        channel=tip.channel,
        received=tip.received,
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
