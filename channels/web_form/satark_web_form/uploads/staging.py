"""The files that browsers have sent and no tip has taken yet. State lies in the folder alone: any process may go on.

uploads/<draft>/<upload>/manifest            what is known of the file, under the draft's key
                         000…000-1048576.age segments
                         handed              there once a tip has taken it
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from satark import atomic_files
from satark.backoff import keep_running
from satark.channel import Media, MediaGone, MediaKind, MediaRef
from satark.limits import Limits
from satark.sealing import CantOpen, new_identity
from satark_web_form.uploads import segments
from satark_web_form.uploads.keys import DraftKey, Manifest
from satark_web_form.uploads.refusals import Refused
from satark_web_form.uploads.settings import UploadSettings

SWEEP_SECONDS: Final = 60.0
"""Seconds between two looks for what has expired."""

_UPLOAD: Final = re.compile(r"[0-9a-f]{32}")
_HANDLE: Final = re.compile(r"([0-9a-f]{32})/([0-9a-f]{32})/(AGE-SECRET-KEY-1[0-9A-Z]+)")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file is."""

    upload: str
    kind: MediaKind
    offset: int
    """Bytes that are here."""
    length: int | None
    most: int
    expires: int
    """Unix seconds at which it is erased, if nothing happens before."""

    @property
    def whole(self) -> bool:
        """Whether all of it is here."""
        return self.length == self.offset


class Staging:
    """The folder of files that wait. Whoever does not have the draft's secret gets `unknown` for everything."""

    def __init__(
        self,
        folder: Path,
        settings: UploadSettings,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = folder
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.upload_at_once)
        self.file_bytes = (limits or Limits()).file_bytes
        """Most bytes of one file."""

    async def create(self, key: DraftKey, *, kind: MediaKind, length: int | None) -> str:
        """Make room for a file of that many bytes, or of a length that is not known yet. Gives its id.

        Raises:
            Refused: `empty`, `too-large`, `too-many`, `too-much` or `disk-full`.
        """
        if length is not None and length <= 0:
            raise Refused("empty")
        if length is not None and length > self.file_bytes:
            raise Refused("too-large")
        return await asyncio.to_thread(self._create, key, kind, length)

    async def append(self, key: DraftKey, upload: str, offset: int, stream: AsyncIterator[bytes]) -> int:
        """Take what comes, from byte `offset` on, until the stream ends. Gives how far the file is then.

        Whatever the stream raises is raised when all that came before it is on the disk.

        Raises:
            Refused: `unknown`, `moved`, `too-large`, `too-broken`, `disk-full` or `busy`.
        """
        if self._slots.locked():
            raise Refused("busy")
        async with self._slots:
            folder, manifest = await asyncio.to_thread(self._find, key, upload)
            if await asyncio.to_thread(segments.written, folder) != offset:
                raise Refused("moved")
            return await _Appending(folder, manifest, offset).take(stream)

    async def finish(self, key: DraftKey, upload: str) -> Status:
        """Say of a file of unknown length that it is whole now.

        Raises:
            Refused: `unknown`, or `empty` where it has no byte.
        """
        return await asyncio.to_thread(self._finish, key, upload)

    async def status(self, key: DraftKey, upload: str) -> Status:
        """Say how far a file is.

        Raises:
            Refused: `unknown`.
        """
        return await asyncio.to_thread(self._status, key, upload)

    async def all_of(self, key: DraftKey) -> list[Status]:
        """All files of a draft that no tip has taken yet, the oldest first."""
        return await asyncio.to_thread(self._all_of, key)

    async def remove(self, key: DraftKey, upload: str) -> None:
        """Erase a file.

        Raises:
            Refused: `unknown`.
        """
        folder, _ = await asyncio.to_thread(self._find, key, upload)
        await asyncio.to_thread(_erase, folder)

    async def forget(self, key: DraftKey) -> None:
        """Erase all files of a draft that no tip has taken."""
        for status in await self.all_of(key):
            await self.remove(key, status.upload)

    async def hand_over(self, key: DraftKey, upload: str, account: str) -> Media:
        """Give a whole file to a tip; `fetch` opens it by what this returns. To do it again gives the same.

        Raises:
            Refused: `unknown` or `unfinished`.
        """
        return await asyncio.to_thread(self._hand_over, key, upload, account)

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file that was handed over: `satark.channel.Channel.fetch`."""
        folder, identity = self._place(ref)
        yield _checked(segments.read(folder, identity), ref.size)

    async def discard(self, ref: MediaRef) -> None:
        """Erase a file that was handed over: `satark.channel.Channel.discard`."""
        folder, _ = self._place(ref)
        await asyncio.to_thread(_erase, folder)

    async def keep_swept(self) -> None:
        """Erase what has expired, until cancelled. Several processes may do so at once."""
        await keep_running("uploads", self._sweeping)

    def sweep(self) -> None:
        """Erase what has expired. Blocks."""
        now = self._clock()
        for draft in self._root.iterdir() if self._root.is_dir() else ():
            for upload in draft.iterdir():
                with suppress(FileNotFoundError):
                    if self._expires(upload) < now:
                        _erase(upload)
            if draft.stat().st_mtime < now - SWEEP_SECONDS:
                with suppress(OSError):  # something is in it, or another process was faster
                    draft.rmdir()

    async def _sweeping(self) -> None:
        while True:
            await asyncio.to_thread(self.sweep)
            await asyncio.sleep(SWEEP_SECONDS)

    def _create(self, key: DraftKey, kind: MediaKind, length: int | None) -> str:
        draft = self._root / key.folder
        draft.mkdir(mode=0o700, parents=True, exist_ok=True)
        upload = secrets.token_hex(16)
        with segments.locked(draft):
            most = self._room(draft, key, length)
            recipient, identity = new_identity()
            made = Manifest(identity=identity, recipient=recipient, kind=kind, most=most, length=length)
            new = draft / f"{upload}.new"
            new.mkdir(mode=0o700)
            atomic_files.replace(new / "manifest", [key.seal(made, upload)])
            new.rename(draft / upload)
            atomic_files.flush_folder(draft)
        return upload

    def _room(self, draft: Path, key: DraftKey, length: int | None) -> int:
        """The bytes that a new file may have."""
        there = list(self._statuses(draft, key))
        left = self._settings.upload_bytes - sum(max(s.length or 0, s.offset) for s in there)
        if len(there) >= self._settings.upload_files:
            raise Refused("too-many")
        if left < (length or 1):
            raise Refused("too-much")
        most = length or min(left, self.file_bytes)
        if shutil.disk_usage(draft).free - most < self._settings.upload_reserve_bytes:
            raise Refused("disk-full")
        return most

    def _find(self, key: DraftKey, upload: str) -> tuple[Path, Manifest]:
        folder = self._root / key.folder / upload
        try:
            sealed = (folder / "manifest").read_bytes() if _UPLOAD.fullmatch(upload) else b""
        except FileNotFoundError:
            sealed = b""
        manifest = key.open(sealed, upload) if sealed else None
        if manifest is None:
            raise Refused("unknown")
        return folder, manifest

    def _status(self, key: DraftKey, upload: str) -> Status:
        folder, manifest = self._find(key, upload)
        try:
            offset, expires = segments.written(folder), int(self._expires(folder))
        except FileNotFoundError:
            raise Refused("unknown") from None
        return Status(
            upload=upload,
            kind=manifest.kind,
            offset=offset,
            length=manifest.length,
            most=manifest.most,
            expires=expires,
        )

    def _statuses(self, draft: Path, key: DraftKey) -> Iterator[Status]:
        for folder in draft.iterdir():
            try:
                yield self._status(key, folder.name)
            except Refused:
                continue

    def _all_of(self, key: DraftKey) -> list[Status]:
        draft = self._root / key.folder
        if not draft.is_dir():
            return []
        found = [s for s in self._statuses(draft, key) if not (draft / s.upload / "handed").exists()]
        return sorted(found, key=lambda status: (draft / status.upload / "manifest").stat().st_mtime_ns)

    def _finish(self, key: DraftKey, upload: str) -> Status:
        folder, manifest = self._find(key, upload)
        status = self._status(key, upload)
        if not status.offset:
            raise Refused("empty")
        whole = msgspec.structs.replace(manifest, length=status.offset)
        atomic_files.replace(folder / "manifest", [key.seal(whole, upload)])
        return msgspec.structs.replace(status, length=status.offset)

    def _hand_over(self, key: DraftKey, upload: str, account: str) -> Media:
        folder, manifest = self._find(key, upload)
        if not self._status(key, upload).whole:
            raise Refused("unfinished")
        (folder / "handed").touch(mode=0o600)
        atomic_files.flush_folder(folder)
        handle = f"{key.folder}/{upload}/{manifest.identity}"
        return Media(MediaRef(account=account, id=handle, size=manifest.length or 0), manifest.kind)

    def _place(self, ref: MediaRef) -> tuple[Path, str]:
        found = _HANDLE.fullmatch(ref.id)
        if not found:
            raise MediaGone("not a file from a browser")
        return self._root / found[1] / found[2], found[3]

    def _expires(self, upload: Path) -> float:
        """When a file is erased, by when something last changed in its folder; Unix seconds."""
        term = 86400 * self._settings.upload_handed_days if (upload / "handed").exists() else None
        return upload.stat().st_mtime + (term or 60 * self._settings.upload_minutes)


class _Appending:
    """One stream on its way into a file: in memory until it is a segment."""

    def __init__(self, folder: Path, manifest: Manifest, offset: int) -> None:
        self._folder = folder
        self._manifest = manifest
        self._offset = offset
        self._buffer = bytearray()

    async def take(self, stream: AsyncIterator[bytes]) -> int:
        """Take all of a stream; where it breaks off, all that came."""
        try:
            async for piece in stream:
                if self._offset + len(self._buffer) + len(piece) > self._manifest.most:
                    raise Refused("too-large")
                self._buffer += piece
                while len(self._buffer) >= segments.SEGMENT:
                    await self._seal(segments.SEGMENT)
        finally:
            if self._buffer:
                await self._seal(len(self._buffer))
        return self._offset

    async def _seal(self, count: int) -> None:
        content = bytes(self._buffer[:count])
        try:
            await asyncio.to_thread(segments.write, self._folder, self._offset, content, self._manifest.recipient)
        except BaseException:
            self._buffer.clear()
            raise
        del self._buffer[:count]
        self._offset += count


async def _checked(pieces: Iterator[bytes], size: int) -> AsyncIterator[bytes]:
    count = 0
    try:
        while piece := await asyncio.to_thread(next, pieces, b""):
            count += len(piece)
            yield piece
    except (CantOpen, FileNotFoundError):
        raise MediaGone("erased or altered") from None
    if count != size:
        raise MediaGone("not all of it is here")


def _erase(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
