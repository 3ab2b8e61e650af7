"""File targets: put a file into a local folder or onto an SFTP server, once and atomically."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import asyncssh

from satark.api import DeliveryResult, Done, Retry
from satark_files.atomic_files import flush_folder
from satark_police_system.settings import SystemSettings


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
            connect_timeout=system.connect_seconds,
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
