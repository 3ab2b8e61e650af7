"""Carries an event to a police system: by HTTP, or in an archive to a folder or by SFTP.

An archive is a ZIP file. It contains `event.json` (the same CloudEvent that HTTP would carry, or a mapping file's
output), the clean copies that the system may have, below `evidence/`, zeros in `padding`, and `signature.json`: the
SHA-256 of every other file, sorted by name, and the Standard Webhooks headers over exactly these bytes. If the receiver
has an age key, the data in `event.json` and every file of evidence are encrypted to it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, closing, suppress
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import ClassVar, Final, TypeAlias
from urllib.parse import unquote, urlsplit

import aiohttp
import asyncssh
import msgspec
from yarl import URL

from satark.api import (
    CaseworkError,
    DeadLetter,
    DeliveryResult,
    Done,
    OpenedTip,
    ProviderClient,
    Retry,
    egress_connector,
    encrypt_stream,
    open_connection,
    read_answer,
    run_in_thread,
    seconds_to_wait,
    size_class,
)
from satark_files import atomic_files
from satark_files.file_endings import ending_of
from satark_police_system.events import LEAST_BYTES, padded
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.ssrf_guard import FilteringResolver, ForbiddenAddressError, check_ip_literal
from satark_police_system.systems import PoliceSystem

CONNECT_SECONDS = 10
"""Seconds to wait for a connection."""
_LARGEST_ANSWER = 256 * 1024
"""Most bytes of an answer that are searched for the acknowledgement."""
_RETRYABLE = frozenset({401, 403, 404, 408, 421, 423, 425, 429})
"""Status codes, besides 5xx, that may change once the receiver or Satark's credentials are fixed."""
_BUSY = frozenset({423, 425, 429})
"""Those of them that say nothing of the next tip."""


class HttpTransport(ProviderClient):
    """Posts events to one receiver. `open` raises `OSError` if a certificate can't be read."""

    connect_seconds: ClassVar[float] = CONNECT_SECONDS

    def __init__(self, system: PoliceSystem) -> None:
        self._settings = settings = system.settings
        super().__init__(settings.send_seconds, self._connector)
        self._signer = system.signer
        self._url = URL(settings.url)
        more = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._headers = {**more, "content-type": system.content_type}

    async def find_faults(self) -> str:
        """Ask for the headers of the address, signing and posting nothing; return a code if nobody answers."""
        try:
            check_ip_literal(self._url, self._settings.allowed_networks)
            async with self.session.head(self._url, allow_redirects=False):
                return ""
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError) as error:
            cause = getattr(error, "os_error", error)
            return str(cause) if isinstance(cause, ForbiddenAddressError) else type(error).__name__

    async def hand_over(self, key: str, document: bytes, opened: OpenedTip) -> DeliveryResult:
        """Post the event. The receiver requests the files."""
        return await self.post(key, padded(document))

    async def post(self, message_id: str, body: bytes) -> DeliveryResult:
        """Post an event once; return the result."""
        headers = {**self._headers, **self._signer.headers(message_id, body)}
        try:
            check_ip_literal(self._url, self._settings.allowed_networks)
            async with self.session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                result = classify_response(response.status, response.headers.get("retry-after", ""))
                if result == Done() and not await self._is_acknowledged(response, message_id):
                    return Retry("not-acknowledged")
                return result
        except TimeoutError:
            return Retry("timeout", down=True)
        except (aiohttp.ClientError, OSError) as error:
            # aiohttp wraps what a resolver raises.
            cause = getattr(error, "os_error", error)
            return Retry(str(cause) if isinstance(cause, ForbiddenAddressError) else "network", down=True)

    def _connector(self) -> aiohttp.TCPConnector:
        """Check addresses here; a proxy must connect to the checked ones, or it could resolve the name otherwise."""
        resolver = FilteringResolver(self._settings.allowed_networks)
        return egress_connector(resolver=resolver, ssl=_tls(self._settings))

    async def _is_acknowledged(self, response: aiohttp.ClientResponse, message_id: str) -> bool:
        """Whether the receiver's own program answered: a proxy or a captive portal answers 200 too."""
        body = await read_answer(response.content, _LARGEST_ANSWER)
        return (self._settings.acknowledgement or message_id).encode() in body


def classify_response(status: int, retry_after: str = "") -> DeliveryResult:
    """Turn a response into a delivery result.

    2xx and 409 (duplicate): done. 3xx: not followed, since tips go to the configured address only; a
    captive portal redirects, too. 410: the endpoint was
    removed (Standard Webhooks 1.0, "Endpoint removal"). Other 4xx: the receiver will never accept this event.
    """
    if 200 <= status < 300 or status == 409:  # noqa: PLR2004 - HTTP
        return Done()
    if status in _RETRYABLE or status >= 500:  # noqa: PLR2004 - HTTP
        after = seconds_to_wait(retry_after, 0) or None
        return Retry(f"http-{status}", after, down=after is None and status not in _BUSY)
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return Retry(f"http-{status}: redirects are refused; set the new address in the settings", down=True)
    return DeadLetter(f"http-{status}")


def _tls(settings: SystemSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.client_certificate_file is not None:
        context.load_cert_chain(settings.client_certificate_file, settings.client_key_file)
    return context


MakeFolder: TypeAlias = "Callable[[], AbstractContextManager[Path]]"
"""Creates a folder for short-lived plain files; the folder is removed after the block."""
_SHARED: Final = 0o666
"""The mode of a file in the folder, before the umask: another user reads the file."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in a ZIP file, for every entry: the real time would show when the tip was handed over."""


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
        return await self._target.find_faults()

    async def hand_over(self, key: str, document: bytes, opened: OpenedTip) -> DeliveryResult:
        """Write the archive in the workspace, and put it."""
        made = self._make_folder()
        try:
            folder = await run_in_thread(made.__enter__)
            archive = folder / "tip.zip"
            await run_in_thread(self._write, archive, key, document, opened, folder)
        except OSError as error:
            return Retry(f"archive: {type(error).__name__}")
        else:
            return await self._target.put(archive, f"satark-{key}.zip")
        finally:
            await run_in_thread(made.__exit__, None, None, None)

    def _write(self, archive: Path, key: str, document: bytes, opened: OpenedTip, folder: Path) -> None:
        files = _clean_copies(self._system.settings, opened, folder)
        write_archive(archive, {self._system.document: document}, files, self._system.signer, key)


def make_transport(system: PoliceSystem, make_folder: MakeFolder) -> HttpTransport | FileTransport:
    """Make the transport of the settings: url, folder or sftp."""
    settings = system.settings
    if settings.folder is not None:
        return FileTransport(system, FolderTarget(settings.folder), make_folder)
    if settings.sftp:
        return FileTransport(system, SftpTarget(settings), make_folder)
    return HttpTransport(system)


def _clean_copies(settings: SystemSettings, opened: OpenedTip, folder: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    if "evidence" not in settings.fields:
        return
    for record in opened.content.evidence:
        if record.clean_sha256:
            name = record.ordinal + ending_of(record.clean_mime)
            try:
                chunks = opened.clean(record.ordinal)
                first = next(chunks, b"")
            except (CaseworkError, FileNotFoundError):  # erased: the event lists it, the archive lacks it
                continue
            chunks = chain((first,), chunks)
            if settings.recipient:
                yield f"{name}.age", _encrypted(chunks, settings.recipient, folder)
            else:
                yield name, chunks


def _encrypted(chunks: Iterator[bytes], recipient: str, folder: Path) -> Iterator[bytes]:
    """Encrypt a file. The plain and the encrypted file are in the workspace until the encrypted file is read."""
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
    target: Path,
    documents: Mapping[str, bytes],
    files: Iterable[tuple[str, Iterator[bytes]]],
    signer: Signer,
    key: str,
) -> None:
    """Write the archive.

    `key`: the delivery's idempotency key, the id of the signed message with the list of hashes.
    """
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        hashes = {name: _add(archive, name, iter([document])) for name, document in documents.items()}
        for name, chunks in files:
            hashes[f"evidence/{name}"] = _add(archive, f"evidence/{name}", chunks)
        size = archive.start_dir
        hashes["padding"] = _add(archive, "padding", iter([bytes(size_class(size, LEAST_BYTES, 8) - size)]))
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
        """Put a copy of the file there under this name, complete and flushed. It replaces a file of that name."""
        try:
            await run_in_thread(self._put, source, name)
        except OSError as error:
            down = not await run_in_thread(self._folder.is_dir)  # such as a share that is not mounted
            return Retry(f"folder: {type(error).__name__}", down=down)
        return Done()

    def _put(self, source: Path, name: str) -> None:
        with source.open("rb") as read, atomic_files.replacing(self._folder / name, _SHARED) as write:
            shutil.copyfileobj(read, write)

    async def find_faults(self) -> str:
        return "" if os.access(self._folder, os.W_OK | os.X_OK) else "the folder is missing or can't be written"


class SftpTarget:
    def __init__(self, system: SystemSettings) -> None:
        self._url = urlsplit(system.sftp)
        self._system = system

    async def put(self, source: Path, name: str) -> DeliveryResult:
        """Write the file under a temporary name and rename it. A server with an unknown host key gets nothing."""
        target = f"{unquote(self._url.path).rstrip('/')}/{name}"
        try:
            async with self._connect() as client:
                part = f"{target}.{token_hex(8)}.part"
                await client.put(source, part)
                await _rename(client, part, target)
        except asyncssh.HostKeyNotVerifiable:
            return Retry("sftp: the server's host key is not in sftp_known_hosts", down=True)
        except asyncssh.PermissionDenied:
            return Retry("sftp: the server refuses our key", down=True)
        except asyncssh.SFTPError as error:
            return Retry(f"sftp: {type(error).__name__}")
        except (asyncssh.Error, OSError) as error:
            return Retry(f"sftp: {type(error).__name__}", down=True)
        return Done()

    async def find_faults(self) -> str:
        """Sign in, and check that the folder exists."""
        try:
            async with self._connect() as client:
                found = await client.isdir(unquote(self._url.path) or "/")
        except (asyncssh.Error, OSError) as error:
            return type(error).__name__
        return "" if found else "the folder is missing"

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[asyncssh.SFTPClient]:
        system, host, port = self._system, self._url.hostname or "", self._url.port or 22
        with closing(await open_connection(host, port, CONNECT_SECONDS)) as connected:
            async with (
                asyncssh.connect(
                    host,
                    port,
                    sock=connected,
                    username=self._url.username,
                    client_keys=[str(system.sftp_key_file)] if system.sftp_key_file else None,
                    known_hosts=str(system.sftp_known_hosts),
                    agent_path=None,
                    config=None,
                    connect_timeout=CONNECT_SECONDS,
                ) as connection,
                connection.start_sftp_client() as client,
            ):
                yield client


async def _rename(client: asyncssh.SFTPClient, old: str, new: str) -> None:
    """Rename a file. Servers may lack OpenSSH's extension for renaming; the standard renaming replaces no file."""
    try:
        await client.posix_rename(old, new)
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await client.remove(new)
        await client.rename(old, new)
