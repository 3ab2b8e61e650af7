"""Writes a pack: a tip's files with everything that a court needs to verify them, in one ZIP file.

The same content gives the same bytes, so every byte can be checked. A pack is a bag of BagIt (RFC 8493) and
contains, in this order: in `data/` the files, `custody.json` (the log), `manifest.json` (the hash report) and the
certificates; beside it a page and a program for verifiers (`GUIDES`), the hashes of them all, for `sha256sum -c`, and
`signature.json`, the desk's signature of these hashes. Each certificate prints the manifest's hash, and the manifest
has the hash of each certificate. So a certificate is hashed with zeros in place of the manifest's hash (`blanked`).
"""

import hashlib
import time
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark.api.tip import Evidence, Tip
from satark.custody import chain
from satark.custody.chain import Form, canonical_json, format_utc
from satark.custody.entries import TOOL
from satark.custody.log import LogRow
from satark.custody.manifest import (
    Issuer,
    Manifest,
    PackItem,
    PackSigner,
    ReceivedFile,
    WithheldFile,
    format_ist,
    sign,
)
from satark.custody.verify_pack import BASE, CUSTODY, DATA, GUIDES, MANIFEST, NO_HASH, SIGNATURE, group_digits, tags
from satark_files import atomic_files
from satark_files.extra_packages import needing
from satark_files.file_endings import ending_of
from satark_words.languages import languages_of

CERTIFICATES: Final = {f"{DATA}certificate-{one}.pdf": one for one in sorted(languages_of("satark.custody"))}
"""File name → language of the certificates that this version writes."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)

Role: TypeAlias = Literal["original", "scrubbed", "transcript"]
_ROLES: Final[dict[str, Role]] = {"original": "original", "clean": "scrubbed", "transcript": "transcript"}


class PackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the custody log in a pack, in plain: whoever has the pack may read it."""

    seq: int
    file: str
    day: int
    entry: chain.LogEntry | None
    entry_sha256: str
    sealed_sha256: str
    hash: str


class PackLog(msgspec.Struct, frozen=True, kw_only=True):
    start: str
    """The hash before the first row, hex."""
    rows: tuple[PackRow, ...]


class WrittenPack(msgspec.Struct, frozen=True):
    items: int
    manifest: str
    """SHA-256 of its manifest, hex; the certificates print it."""
    head: str
    """The last hash of the custody log in the pack, hex."""


class PackContents(Redacted, frozen=True, kw_only=True):
    """The content of a pack, as the exporting desk gathered it."""

    tip_id: str
    tip: Tip
    desk: str
    parts: tuple[tuple[Evidence, Form], ...]
    """The files that the pack contains, each in one form, in order."""
    content: tuple[Iterator[bytes], ...]
    """Their content, in the same order."""
    withheld: tuple[Evidence, ...]
    """Recordings of the tipster's own voice: named, never included."""
    received: tuple[Evidence, ...]
    """Every other file of the tip, whether or not the pack contains a form of it."""
    signer: PackSigner | None = None
    """The signer of the pack; None: nobody signs it."""
    log: tuple[LogRow, ...]
    """The custody log, with this export in it."""


def write_pack(path: Path, contents: PackContents, issuer: Issuer) -> WrittenPack:
    """Write a pack, readable for this user alone.

    Raises:
        CantOpen: a file was altered; no pack is written. FileNotFoundError: a file was erased; no pack is written.
        OSError: the pack can't be written.
    """
    now = format_utc(int(time.time()))
    with atomic_files.replacing(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        pack = _PackWriter(archive)
        items = pack.add_items(contents.parts, contents.content, contents.log, now)
        return pack.close(_manifest(contents, issuer, items, now), contents)


def zip_entry(name: str) -> zipfile.ZipInfo:
    """Return the ZIP entry of a file in a pack: with a fixed date and mode, uncompressed."""
    info = zipfile.ZipInfo(BASE + name, _EPOCH)
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info


def pack_rows(log: Sequence[LogRow]) -> tuple[PackRow, ...]:
    return tuple(
        PackRow(
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


class _PackWriter:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._digests: dict[str, str] = {}

    def add_items(
        self,
        parts: Sequence[tuple[Evidence, Form]],
        contents: Sequence[Iterator[bytes]],
        log: Sequence[LogRow],
        now: str,
    ) -> tuple[PackItem, ...]:
        """Copy the files into the pack, and hash them on the way."""
        items: list[PackItem] = []
        before = _before_export(log)
        for (record, form), chunks in zip(parts, contents, strict=True):
            name = f"{DATA}{record.ordinal}-{_ROLES[form]}{ending_of(_mime(record, form))}"
            size, sha256, md5 = self._copy(name, chunks)
            original = next((item for item in items if item.file == record.ordinal and item.role == "original"), None)
            items.append(
                PackItem(
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
                    ist=format_ist(now),
                    prev_chain_hash=before[record.ordinal, form],
                )
            )
        return tuple(items)

    def close(self, manifest: Manifest, contents: PackContents) -> WrittenPack:
        """Add the log, the manifest, the certificates, the signature and the seal."""
        log, start = contents.log, chain.tip_genesis(contents.tip_id).hex()
        head = log[-1].hash.hex() if log else start
        custody = canonical_json(PackLog(start=start, rows=pack_rows(log)))
        manifest = msgspec.structs.replace(manifest, custody=hashlib.sha256(custody).hexdigest(), head=head)
        manifest, certificates = _with_certificates(manifest, log)
        self._add(CUSTODY, custody)
        digest = self._add(MANIFEST, canonical_json(manifest))
        for name, certificate in certificates.items():
            self._add(name, certificate.replace(group_digits(NO_HASH).encode(), group_digits(digest).encode()))
        for name in GUIDES:
            self._add(name, _guide(name))
        *_, listed = [self._add(name, content) for name, content in tags(self._digests).items()]
        if contents.signer is not None:
            self._add(SIGNATURE, canonical_json(sign(contents.signer, listed)))
        return WrittenPack(len(manifest.items), digest, head)

    def _add(self, name: str, content: bytes) -> str:
        return self._copy(name, iter([content]))[1]

    def _copy(self, name: str, chunks: Iterator[bytes]) -> tuple[int, str, str]:
        size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with self._archive.open(zip_entry(name), "w") as out:
            for chunk in chunks:
                size += len(chunk)
                sha256.update(chunk)
                md5.update(chunk)
                out.write(chunk)
        self._digests[name] = sha256.hexdigest()
        return size, sha256.hexdigest(), md5.hexdigest()


def _with_certificates(manifest: Manifest, log: Sequence[LogRow]) -> tuple[Manifest, dict[str, bytes]]:
    """Make the certificates with zeros for the manifest's hash; return them, and the manifest with their hashes."""
    with needing("printing"):
        from satark.custody.certificate import make_certificate  # noqa: PLC0415 - verifiers and servers never print one

    made = {name: make_certificate(manifest, NO_HASH, log, language) for name, language in CERTIFICATES.items()}
    digests = {name: hashlib.sha256(certificate).hexdigest() for name, certificate in made.items()}
    return msgspec.structs.replace(manifest, certificates=digests), made


def _manifest(contents: PackContents, issuer: Issuer, items: tuple[PackItem, ...], now: str) -> Manifest:
    tip, voices = contents.tip, contents.withheld
    return Manifest(
        number=tip.number,
        desk=contents.desk,
        channel=tip.channel,
        received=tip.received,
        utc=now,
        ist=format_ist(now),
        issuer=issuer,
        items=items,
        originals=tuple(map(_received, contents.received)),
        withheld=tuple(WithheldFile(file=v.ordinal, bytes=v.bytes, mime=v.mime, sha256=v.sha256) for v in voices),
        custody="",
        head="",
        certificates={},
        guides={name: (hashlib.sha256(_guide(name)).hexdigest(), len(_guide(name))) for name in GUIDES},
        signer=contents.signer.who if contents.signer else None,
    )


def _guide(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def _received(record: Evidence) -> ReceivedFile:
    return ReceivedFile(
        file=record.ordinal,
        bytes=record.bytes,
        mime=record.mime,
        sha256=record.sha256,
        md5=record.md5,
        problem=record.problem,
    )


def _before_export(log: Sequence[LogRow]) -> dict[tuple[str, str], str]:
    """Return (file, form) → the hash before the row of its last export."""
    found: dict[tuple[str, str], str] = {}
    for previous, one in pairwise(log):
        if one.entry is not None and one.entry.action == "exported":
            found[one.row.file, one.entry.form] = previous.hash.hex()
    return found


def _mime(record: Evidence, form: Form) -> str:
    return {"original": record.mime, "clean": record.clean_mime}.get(form, "text/plain; charset=utf-8")
