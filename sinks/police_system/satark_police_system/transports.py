"""Transports: hand a tip over by HTTP, or as a signed archive in a folder or on an SFTP server.

An archive is a ZIP file. It contains `event.json` (the same CloudEvent that HTTP would carry), the clean copies that
the system may have, below `evidence/`, and `signature.json`: the SHA-256 of every other file, sorted by name, and the
Standard Webhooks headers over exactly these bytes. If the receiver has an age key, the data in `event.json` and every
file are encrypted to it.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import unquote, urlsplit

import asyncssh
import msgspec

from satark.api import DeliveryResult, Done, OpenedTip, Retry, encrypt_stream, run_in_thread
from satark_files.atomic_files import flush_folder
from satark_files.file_endings import ending_of
from satark_police_system.events import Event, encode
from satark_police_system.http_client import CONNECT_SECONDS, HttpTransport
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.systems import PoliceSystem

MakeFolder: TypeAlias = "Callable[[], AbstractContextManager[Path]]"
"""Creates a folder for files that lie in plain for a moment; the folder is removed after the block."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in a ZIP file, for every entry: the real time would say when the tip was handed over."""


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
    if settings.sftp:
        return FileTransport(system, SftpTarget(settings), make_folder)
    return HttpTransport(settings, system.signer)


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


class FolderTarget:
    """A folder on this machine, local or mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Write the file under a temporary name, flush it, and rename it."""
        target = self._folder / name
        try:
            if not target.exists():
                part = self._folder / f".{name}.part"
                with source.open("rb") as read, part.open("wb") as write:
                    _copy(read, write)
                part.rename(target)
                flush_folder(self._folder)
        except OSError as error:
            return Retry(f"folder: {type(error).__name__}")
        return Done()

    async def find_faults(self) -> str:
        """Check whether the folder is writable."""
        return "" if os.access(self._folder, os.W_OK | os.X_OK) else "the folder is missing or can't be written"


class SftpTarget:
    """A folder on an SFTP server."""

    def __init__(self, system: SystemSettings) -> None:
        self._url = urlsplit(system.sftp)
        self._system = system

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Write the file under a temporary name and rename it. A server with an unknown host key gets nothing."""
        target = f"{unquote(self._url.path).rstrip('/')}/{name}"
        try:
            async with self._connect() as connection, connection.start_sftp_client() as client:
                if not await client.exists(target):
                    await client.put(source, f"{target}.part")
                    await _rename(client, f"{target}.part", target)
        except asyncssh.HostKeyNotVerifiable:
            return Retry("sftp: the server's host key is not in sftp_known_hosts", down=True)
        except asyncssh.PermissionDenied:
            return Retry("sftp: the server refuses our key", down=True)
        except (asyncssh.Error, OSError) as error:
            return Retry(f"sftp: {type(error).__name__}")
        return Done()

    async def find_faults(self) -> str:
        """Sign in, and check that the folder is there."""
        try:
            async with self._connect() as connection, connection.start_sftp_client() as client:
                found = await client.isdir(unquote(self._url.path) or "/")
        except (asyncssh.Error, OSError) as error:
            return type(error).__name__
        return "" if found else "the folder is missing"

    def _connect(self) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        system = self._system
        return asyncssh.connect(
            self._url.hostname or "",
            self._url.port or 22,
            username=self._url.username,
            client_keys=[str(system.sftp_key_file)] if system.sftp_key_file else None,
            known_hosts=str(system.sftp_known_hosts),
            agent_path=None,
            config=None,
            connect_timeout=CONNECT_SECONDS,
        )


async def _rename(client: asyncssh.SFTPClient, old: str, new: str) -> None:
    """Rename a file. Servers that are not OpenSSH may lack its extension; their own renaming replaces no file."""
    try:
        await client.posix_rename(old, new)
    except asyncssh.SFTPOpUnsupported:
        await client.rename(old, new)


def _copy(read: IO[bytes], write: IO[bytes]) -> None:
    while chunk := read.read(1 << 20):
        write.write(chunk)
    write.flush()
    os.fsync(write.fileno())
