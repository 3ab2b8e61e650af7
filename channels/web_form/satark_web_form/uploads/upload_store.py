"""Store files that browsers upload. All state is in the folder, so that any process can continue an upload.

uploads/<draft>/<upload>/manifest            properties of the file, sealed under the draft's key
                         000…000-1048576.age segments
                         attached            exists once the file is part of a tip
"""

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

from satark.api import CantOpen, Media, MediaGone, MediaKind, MediaRef, keep_running, new_identity
from satark_files import atomic_files
from satark_files.limits import Limits
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads import segments
from satark_web_form.uploads.draft_key import DraftKey, UploadManifest
from satark_web_form.uploads.segments import SegmentWriter, UploadRefused
from satark_web_form.uploads.upload_slots import UploadSlots

CLEANUP_SECONDS: Final = 60.0
"""Seconds between two deletions of expired uploads."""

_WORKED: Final = "worked"
"""Name of a folder beside a draft's uploads. The folder expires as uploads do."""
_TURN_SECONDS: Final = 3.0
"""Seconds that an upload keeps its slot at least."""
_WAIT_SECONDS: Final = 12.0
"""Seconds that an upload waits for a slot."""
_IDLE_SECONDS: Final = 30 * 60
"""Seconds without a byte after which files that are part of no tip make room on a full disk."""
_UPLOAD_ID: Final = re.compile(r"[0-9a-f]{32}")
_HANDLE: Final = re.compile(r"([0-9a-f]{32})/([0-9a-f]{32})/(AGE-SECRET-KEY-[0-9A-Z-]+)")


class UploadStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an upload."""

    upload: str
    kind: MediaKind
    offset: int
    """Number of bytes stored."""
    length: int | None
    """Size of the complete file, in bytes; None while it is unknown."""
    max_bytes: int
    expires: int
    """Time at which the upload is deleted unless bytes are added before, in Unix seconds."""

    @property
    def complete(self) -> bool:
        """Whether all bytes are stored."""
        return self.length == self.offset


class UploadStore:
    """The folder of uploads. Whoever lacks the draft's secret finds every upload `unknown`."""

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
        self._slots = UploadSlots(settings.upload_at_once, _TURN_SECONDS, _WAIT_SECONDS)
        self.file_bytes = (limits or Limits()).file_bytes
        """Size of the largest file, in bytes."""

    async def create(self, key: DraftKey, *, kind: MediaKind, length: int | None) -> str:
        """Create an upload of a known or unknown length, in bytes. Return its id.

        Raises:
            Refused: `empty`, `too-large`, `too-many`, `quota` or `disk-full`.
        """
        if length is not None and length <= 0:
            raise UploadRefused("empty")
        if length is not None and length > self.file_bytes:
            raise UploadRefused("too-large")
        return await asyncio.to_thread(self._create, key, kind, length)

    async def append(self, key: DraftKey, upload: str, offset: int, stream: AsyncIterator[bytes]) -> int:
        """Append a stream from an offset on. Return the new offset.

        If the stream raises, the content before that is written to disk, and the exception is raised again.

        Raises:
            UploadRefused: `unknown`, `offset-mismatch`, `too-large`, `too-fragmented`, `disk-full` or `busy`.
        """
        folder, manifest = await asyncio.to_thread(self._find, key, upload)
        async with self._slots.hold(key.folder) as slot:
            if await asyncio.to_thread(segments.stored_bytes, folder) != offset:
                raise UploadRefused("offset-mismatch")
            return await SegmentWriter(folder, manifest, offset).write(slot.watch(stream))

    async def finish(self, key: DraftKey, upload: str) -> UploadStatus:
        """Mark an upload of unknown length as complete.

        Raises:
            UploadRefused: `unknown` or `empty`.
        """
        return await asyncio.to_thread(self._finish, key, upload)

    async def status(self, key: DraftKey, upload: str) -> UploadStatus:
        """Return the state of an upload.

        Raises:
            Refused: `unknown`.
        """
        return await asyncio.to_thread(self._status, key, upload)

    async def list_uploads(self, key: DraftKey) -> list[UploadStatus]:
        """Return the uploads of a draft that are not part of a tip, the oldest first."""
        return await asyncio.to_thread(self._all_of, key)

    async def remove(self, key: DraftKey, upload: str) -> None:
        """Delete an upload.

        Raises:
            Refused: `unknown`.
        """
        folder, _ = await asyncio.to_thread(self._find, key, upload)
        await asyncio.to_thread(_delete, folder)

    async def forget(self, key: DraftKey) -> None:
        """Delete all uploads of a draft that are not part of a tip."""
        for status in await self.list_uploads(key):
            await self.remove(key, status.upload)

    async def attach(self, key: DraftKey, upload: str, account: str) -> Media:
        """Attach a complete upload to a tip. Return the reference for `fetch`; a repeated call returns the same one.

        Raises:
            UploadRefused: `unknown` or `incomplete`.
        """
        return await asyncio.to_thread(self._attach, key, upload, account)

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an attached file; see `satark.api.Channel.fetch`."""
        folder, identity = self._locate(ref)
        yield _verified(segments.read_segments(folder, identity), ref.size)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file; see `satark.api.Channel.discard`."""
        folder, _ = self._locate(ref)
        await asyncio.to_thread(_delete, folder)

    def note_work(self, key: DraftKey) -> None:
        """Note that a draft's browser has done the proof of work, or waited instead, for its uploads. Blocks."""
        (self._root / key.folder / _WORKED).mkdir(mode=0o700, parents=True, exist_ok=True)

    def has_worked(self, key: DraftKey) -> bool:
        """Whether a draft's browser has done the proof of work, or waited instead, for its uploads. Blocks."""
        return (self._root / key.folder / _WORKED).is_dir()

    async def run_cleanup(self) -> None:
        """Delete expired uploads until cancelled. Several processes may run this at once."""
        await keep_running("uploads", self._cleanup)

    def delete_expired(self) -> None:
        """Delete expired uploads. Blocks."""
        now = self._clock()
        for draft in self._root.iterdir() if self._root.is_dir() else ():
            for upload in draft.iterdir():
                with suppress(FileNotFoundError):
                    if self._expires(upload) < now:
                        _delete(upload)
            if draft.stat().st_mtime < now - CLEANUP_SECONDS:
                with suppress(OSError):  # it is not empty, or another process deleted it
                    draft.rmdir()

    async def _cleanup(self) -> None:
        while True:
            await asyncio.to_thread(self.delete_expired)
            await asyncio.sleep(CLEANUP_SECONDS)

    def _create(self, key: DraftKey, kind: MediaKind, length: int | None) -> str:
        draft = self._root / key.folder
        draft.mkdir(mode=0o700, parents=True, exist_ok=True)
        upload = secrets.token_hex(16)
        with segments.folder_lock(draft):
            max_bytes = self._available_bytes(draft, key, length)
            recipient, identity = new_identity()
            made = UploadManifest(identity=identity, recipient=recipient, kind=kind, max_bytes=max_bytes, length=length)
            new = draft / f"{upload}.new"
            new.mkdir(mode=0o700)
            atomic_files.replace(new / "manifest", [key.seal(made, upload)])
            new.rename(draft / upload)
            atomic_files.flush_folder(draft)
        return upload

    def _available_bytes(self, draft: Path, key: DraftKey, length: int | None) -> int:
        """Return the size that a new file may reach."""
        stored = list(self._statuses(draft, key))
        left = self._settings.upload_bytes - sum(max(s.length or 0, s.offset) for s in stored)
        if len(stored) >= self._settings.upload_files:
            raise UploadRefused("too-many")
        if left < (length or 1):
            raise UploadRefused("quota")
        max_bytes = length or min(left, self.file_bytes)
        if self._lacks_space(max_bytes) and not self._reclaim(max_bytes):
            raise UploadRefused("disk-full")
        return max_bytes

    def _lacks_space(self, wanted: int) -> bool:
        return shutil.disk_usage(self._root).free - wanted < self._settings.upload_reserve_bytes

    def _reclaim(self, wanted: int) -> bool:
        """Delete long idle files that are not part of a tip, the oldest first. True: there is enough room now."""
        latest = self._clock() - _IDLE_SECONDS
        idle: list[tuple[float, Path]] = []
        for upload in self._root.glob("*/*"):
            with suppress(FileNotFoundError):
                changed = upload.stat().st_mtime
                if _UPLOAD_ID.fullmatch(upload.name) and changed < latest and not (upload / "attached").exists():
                    idle.append((changed, upload))
        for _, upload in sorted(idle):
            _delete(upload)
            if not self._lacks_space(wanted):
                return True
        return False

    def _find(self, key: DraftKey, upload: str) -> tuple[Path, UploadManifest]:
        folder = self._root / key.folder / upload
        try:
            sealed = (folder / "manifest").read_bytes() if _UPLOAD_ID.fullmatch(upload) else b""
        except FileNotFoundError:
            sealed = b""
        manifest = key.open(sealed, upload) if sealed else None
        if manifest is None:
            raise UploadRefused("unknown")
        return folder, manifest

    def _status(self, key: DraftKey, upload: str) -> UploadStatus:
        folder, manifest = self._find(key, upload)
        try:
            offset, expires = segments.stored_bytes(folder), int(self._expires(folder))
        except FileNotFoundError:
            raise UploadRefused("unknown") from None
        return UploadStatus(
            upload=upload,
            kind=manifest.kind,
            offset=offset,
            length=manifest.length,
            max_bytes=manifest.max_bytes,
            expires=expires,
        )

    def _statuses(self, draft: Path, key: DraftKey) -> Iterator[UploadStatus]:
        for folder in draft.iterdir():
            try:
                yield self._status(key, folder.name)
            except UploadRefused:
                continue

    def _all_of(self, key: DraftKey) -> list[UploadStatus]:
        draft = self._root / key.folder
        if not draft.is_dir():
            return []
        found = [s for s in self._statuses(draft, key) if not (draft / s.upload / "attached").exists()]
        return sorted(found, key=lambda status: (draft / status.upload / "manifest").stat().st_mtime_ns)

    def _finish(self, key: DraftKey, upload: str) -> UploadStatus:
        folder, manifest = self._find(key, upload)
        status = self._status(key, upload)
        if not status.offset:
            raise UploadRefused("empty")
        complete = msgspec.structs.replace(manifest, length=status.offset)
        atomic_files.replace(folder / "manifest", [key.seal(complete, upload)])
        return msgspec.structs.replace(status, length=status.offset)

    def _attach(self, key: DraftKey, upload: str, account: str) -> Media:
        folder, manifest = self._find(key, upload)
        if not self._status(key, upload).complete:
            raise UploadRefused("incomplete")
        (folder / "attached").touch(mode=0o600)
        atomic_files.flush_folder(folder)
        handle = f"{key.folder}/{upload}/{manifest.identity}"
        return Media(MediaRef(account=account, id=handle, size=manifest.length or 0), manifest.kind)

    def _locate(self, ref: MediaRef) -> tuple[Path, str]:
        found = _HANDLE.fullmatch(ref.id)
        if not found:
            raise MediaGone("not an upload")
        return self._root / found[1] / found[2], found[3]

    def _expires(self, upload: Path) -> float:
        """Return when an upload expires, in Unix seconds, counted from the last change in its folder."""
        term = 86400 * self._settings.upload_attached_days if (upload / "attached").exists() else None
        return upload.stat().st_mtime + (term or 60 * self._settings.upload_minutes)


async def _verified(contents: Iterator[bytes], size: int) -> AsyncIterator[bytes]:
    count = 0
    try:
        while content := await asyncio.to_thread(next, contents, b""):
            count += len(content)
            yield content
    except (CantOpen, FileNotFoundError):
        raise MediaGone("deleted or altered") from None
    if count != size:
        raise MediaGone("incomplete")


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
