"""Transports: hand a tip over by HTTP, or as a signed archive in a folder or on an SFTP server.

An archive is a ZIP file. It contains `event.json` (the same CloudEvent that HTTP would carry), the clean copies that
the system may have, below `evidence/`, and `signature.json`: the SHA-256 of every other file, sorted by name, and the
Standard Webhooks headers over exactly these bytes. If the receiver has an age key, the data in `event.json` and every
file are encrypted to it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import msgspec

from satark.api import DeliveryResult, OpenedTip, encrypt_stream, run_in_thread
from satark_files.file_endings import ending_of
from satark_police_system.events import Event, encode
from satark_police_system.file_targets import FolderTarget, SftpTarget
from satark_police_system.http_client import HttpClient
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.systems import PoliceSystem

MakeFolder: TypeAlias = "Callable[[], AbstractContextManager[Path]]"
"""Creates a folder for files that lie in plain for a moment; the folder is removed after the block."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in a ZIP file, for every entry: the real time would say when the tip was handed over."""


class HttpTransport:
    """Posts the event. The receiver requests the files."""

    def __init__(self, system: PoliceSystem) -> None:
        self._client = HttpClient(system.settings, system.signer)

    async def open(self) -> None:
        await self._client.open()

    async def close(self) -> None:
        await self._client.close()

    async def find_faults(self) -> str:
        """Request headers from the receiver."""
        return await self._client.find_faults()

    async def hand_over(self, key: str, event: Event, opened: OpenedTip) -> DeliveryResult:
        return await self._client.post(key, encode(event))


class FileTransport:
    """Puts a signed archive, with the clean copies if the system may have them."""

    def __init__(self, system: PoliceSystem, target: FolderTarget | SftpTarget, make_folder: MakeFolder) -> None:
        self._system = system
        self._target = target
        self._make_folder = make_folder

    async def open(self) -> None:
        """Open nothing: every file gets a connection of its own."""

    async def close(self) -> None:
        """Close nothing."""

    async def find_faults(self) -> str:
        """Check the target."""
        return await self._target.find_faults()

    async def hand_over(self, key: str, event: Event, opened: OpenedTip) -> DeliveryResult:
        """Write the archive in the workspace, and put it."""
        with self._make_folder() as folder:
            archive = folder / "tip.zip"
            await run_in_thread(self._write, archive, key, event, opened, folder)
            return await self._target.put(archive, f"satark-{key}.zip")

    def _write(self, archive: Path, key: str, event: Event, opened: OpenedTip, folder: Path) -> None:
        files = _clean_copies(self._system.settings, opened, folder)
        write_archive(archive, encode(event), files, self._system.signer, key)


def make_transport(system: PoliceSystem, make_folder: MakeFolder) -> HttpTransport | FileTransport:
    """Make the transport that the settings name: url, folder or sftp."""
    settings = system.settings
    if settings.folder is not None:
        return FileTransport(system, FolderTarget(settings.folder), make_folder)
    return FileTransport(system, SftpTarget(settings), make_folder) if settings.sftp else HttpTransport(system)


def _clean_copies(settings: SystemSettings, opened: OpenedTip, folder: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    if "evidence" not in settings.fields:
        return
    for record in opened.content.evidence:
        if record.clean_sha256:
            name = record.ordinal + ending_of(record.clean_mime)
            chunks = opened.clean(record.ordinal)
            if settings.recipient:
                yield f"{name}.age", _encrypted(chunks, settings.recipient, folder)
            else:
                yield name, chunks


def _encrypted(chunks: Iterator[bytes], recipient: str, folder: Path) -> Iterator[bytes]:
    """Encrypt a file. The plain and the encrypted file lie in the workspace until the encrypted file is read."""
    plain, encrypted = folder / "plain", folder / "encrypted"
    with plain.open("wb") as write:
        write.writelines(chunks)
    with plain.open("rb") as read, encrypted.open("wb") as write:
        encrypt_stream(read, write, recipient)
    plain.unlink()
    with encrypted.open("rb") as read:
        yield from iter(lambda: read.read(1 << 20), b"")
    encrypted.unlink()


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
