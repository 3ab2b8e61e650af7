"""A tip as one signed ZIP file, for systems that can't take HTTP: into a folder, or onto an SFTP server.

In the ZIP: `event.json` (the same CloudEvent that HTTP would carry), the clean copies that the system may have, below
`evidence/`, and `signature.json`: the SHA-256 of every other file, in the order of their names, and the Standard
Webhooks headers over exactly these bytes. Where the receiver has an age key, `event.json` holds its data encrypted and
every file is encrypted as well.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import asyncssh
import msgspec

from satark.atomic_files import flush_folder
from satark.sink import Dead, DeliveryResult, Done, Retry

if TYPE_CHECKING:
    from satark_police_system.settings import System
    from satark_police_system.signing import Signer

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's first moment: a file's time would say when the tip was handed over."""


class Drop(Protocol):
    """Where a ZIP file is put."""

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Put a file there under a name, whole or not at all; one that is there already is left alone."""


def pack(target: Path, event: bytes, files: Iterable[tuple[str, Iterator[bytes]]], signer: Signer, key: str) -> None:
    """Write the ZIP file.

    Args:
        target: the file, in a private folder in memory.
        event: the CloudEvent.
        files: name and content of each piece of evidence.
        signer: signs the list of hashes.
        key: the delivery's idempotency key, which becomes the signed message's id.
    """
    hashes = {}
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        hashes["event.json"] = _add(archive, "event.json", iter([event]))
        for name, pieces in files:
            hashes[f"evidence/{name}"] = _add(archive, f"evidence/{name}", pieces)
        listed = msgspec.json.encode(hashes, order="sorted")
        signature = {"headers": signer.headers(key, listed), "signed": listed.decode()}
        _add(archive, "signature.json", iter([msgspec.json.encode(signature)]))


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as entry:
        for piece in pieces:
            digest.update(piece)
            entry.write(piece)
    return digest.hexdigest()


class Folder:
    """A folder on this machine, or mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Put a file there: under another name first, then durably under its own."""
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


class Sftp:
    """A folder on an SFTP server."""

    def __init__(self, system: System) -> None:
        self._url = urlsplit(system.sftp)
        self._system = system

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Put a file there: under another name first, then renamed. An unknown server gets nothing."""
        target = f"{unquote(self._url.path).rstrip('/')}/{name}"
        try:
            async with self._connect() as connection, connection.start_sftp_client() as client:
                if not await client.exists(target):
                    await client.put(source, f"{target}.part")
                    await client.posix_rename(f"{target}.part", target)
        except asyncssh.HostKeyNotVerifiable:
            return Dead("sftp: the server's key is not the one in sftp_known_hosts")
        except asyncssh.PermissionDenied:
            return Retry("sftp: the server refuses our key")
        except (asyncssh.Error, OSError) as error:
            return Retry(f"sftp: {type(error).__name__}")
        return Done()

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
            connect_timeout=system.connect_seconds,
        )


def _copy(read: IO[bytes], write: IO[bytes]) -> None:
    while piece := read.read(1 << 20):
        write.write(piece)
    write.flush()
    os.fsync(write.fileno())
