"""Signed ZIP archive of a tip, for systems that can't receive HTTP.

It contains `event.json` (the same CloudEvent that HTTP would carry), the clean copies that the system may have, below
`evidence/`, and `signature.json`: the SHA-256 of every other file, sorted by name, and the Standard Webhooks headers
over exactly these bytes. If the receiver has an age key, the data in `event.json` and every file are encrypted to it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from satark_police_system.signing import Signer

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in a ZIP file, for every entry: the real time would say when the tip was handed over."""


def write_archive(
    target: Path, event: bytes, files: Iterable[tuple[str, Iterator[bytes]]], signer: Signer, key: str
) -> None:
    """Write the archive.

    Args:
        target: the new file, in a private workspace.
        event: the CloudEvent.
        files: the name and the content of each file of evidence.
        signer: signs the list of hashes.
        key: the delivery's idempotency key, used as the id of the signed message.
    """
    hashes = {}
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        hashes["event.json"] = _add(archive, "event.json", iter([event]))
        for name, chunks in files:
            hashes[f"evidence/{name}"] = _add(archive, f"evidence/{name}", chunks)
        signed = msgspec.json.encode(hashes, order="sorted")
        signature = {"headers": signer.headers(key, signed), "signed": signed.decode()}
        _add(archive, "signature.json", iter([msgspec.json.encode(signature)]))


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterator[bytes]) -> str:
    """Add a file; return its SHA-256, hex."""
    digest = hashlib.sha256()
    with archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as entry:
        for chunk in chunks:
            digest.update(chunk)
            entry.write(chunk)
    return digest.hexdigest()
