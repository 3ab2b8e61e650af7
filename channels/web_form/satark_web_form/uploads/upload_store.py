"""Store files that browsers upload. All state is in the store of files, so that any machine can continue an upload.

<draft>/<upload>/manifest        properties of the file, sealed under the draft's key
                 000…000.age     segments
                 <page>.attached exists once the file is part of a tip, to which that page added it
"""

import asyncio
import re
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from typing import Final

import msgspec

from satark.api import CantOpen, Media, MediaGone, MediaKind, MediaRef, keep_running, new_identity
from satark_files.file_store import FileStore, Stored
from satark_files.limits import Limits
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads import segments
from satark_web_form.uploads.concurrent_uploads import UploadSlots
from satark_web_form.uploads.draft_key import DraftKey, UploadManifest
from satark_web_form.uploads.segments import MANIFEST, SegmentWriter
from satark_web_form.uploads.upload_problems import UploadRefused

CLEANUP_SECONDS: Final = 60.0
"""Seconds between two deletions of expired uploads."""

_WORKED: Final = "worked/once"
"""Name of a file beside a draft's uploads, which expires with them."""
_ATTACHED: Final = "attached"
_TURN_SECONDS: Final = 3.0
"""Least seconds that an upload keeps its slot."""
_WAIT_SECONDS: Final = 12.0
_IDLE_SECONDS: Final = 30 * 60
"""Seconds without a byte after which files that are part of no tip make room on a full disk."""
_UPLOAD_ID: Final = re.compile(r"[0-9a-f]{32}")
_HANDLE: Final = re.compile(r"([0-9a-f]{32})/([0-9a-f]{32})/(AGE-SECRET-KEY-[0-9A-Z-]+)")


class UploadStatus(msgspec.Struct, frozen=True, kw_only=True):
    upload: str
    kind: MediaKind
    offset: int
    """Number of bytes stored."""
    length: int | None
    """Size of the complete file, in bytes; None while it is unknown."""
    attached: bool
    """Whether it is part of a tip."""
    max_bytes: int
    expires: int
    """Time at which the upload is deleted unless bytes are added before, in Unix seconds."""
    made: float = 0
    """Time at which the upload began, in Unix seconds."""

    @property
    def complete(self) -> bool:
        return self.length == self.offset


class UploadStore:
    """The uploads of a site. Whoever lacks the draft's secret finds every upload `unknown`."""

    def __init__(
        self,
        store: FileStore,
        settings: UploadSettings,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._slots = UploadSlots(settings.upload_at_once, _TURN_SECONDS, _WAIT_SECONDS)
        self.file_bytes = (limits or Limits()).file_bytes
        """Size of the largest file, in bytes."""

    async def create(self, key: DraftKey, *, kind: MediaKind, length: int | None) -> str:
        """Create an upload of a known or unknown length, in bytes. Return its id.

        Raises:
            UploadRefused: `empty`, `too-large`, `too-many`, `quota` or `disk-full`.
        """
        if length is not None and length <= 0:
            raise UploadRefused("empty")
        if length is not None and length > self.file_bytes:
            raise UploadRefused("too-large")
        return await asyncio.to_thread(self._create, key, kind, length)

    async def append(self, key: DraftKey, upload: str, offset: int, stream: AsyncIterator[bytes]) -> int:
        """Append a stream from an offset on. Return the new offset.

        If the stream raises, the content before that is stored, and the exception is raised again.

        Raises:
            UploadRefused: `unknown`, `offset-mismatch`, `too-large`, `too-fragmented`, `disk-full` or `busy`.
        """
        folder, manifest = await asyncio.to_thread(self._find, key, upload)
        async with self._slots.hold(key.folder) as slot:
            if await asyncio.to_thread(segments.stored_bytes, folder) != offset:
                raise UploadRefused("offset-mismatch")
            count = len(await asyncio.to_thread(segments.segment_names, folder))
            return await SegmentWriter(folder, manifest, offset, count).write(slot.watch(stream))

    async def finish(self, key: DraftKey, upload: str) -> UploadStatus:
        """Mark an upload of unknown length as complete.

        Raises:
            UploadRefused: `unknown` or `empty`.
        """
        return await asyncio.to_thread(self._finish, key, upload)

    async def status(self, key: DraftKey, upload: str) -> UploadStatus:
        """Return the state of an upload.

        Raises:
            UploadRefused: `unknown`.
        """
        return await asyncio.to_thread(self._status, key, upload)

    async def list_uploads(self, key: DraftKey, page: str = "") -> list[UploadStatus]:
        """Return the uploads of a draft that no other page made part of a tip, the oldest first."""
        return await asyncio.to_thread(self._statuses, key, _attached(key, page))

    async def remove(self, key: DraftKey, upload: str) -> None:
        """Delete an upload.

        Raises:
            UploadRefused: `unknown`.
        """
        await asyncio.to_thread(self._find, key, upload)
        await asyncio.to_thread(self._delete, f"{key.folder}/{upload}")

    async def attach(self, key: DraftKey, upload: str, account: str, page: str = "") -> Media:
        """Attach a complete upload to a tip. Return the reference for `fetch`; a repeated call returns the same one.

        The file is read once more: only its content tells that a form which is sent again brought a copy.

        The page that did it lists the file again: its server may have been killed before the tip had the file.

        Raises:
            UploadRefused: `unknown` or `incomplete`.
        """
        return await asyncio.to_thread(self._attach, key, upload, account, page)

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an attached file; see `satark.api.Channel.fetch`."""
        name, identity = self._locate(ref)
        yield _verified(segments.read_segments(self._store.below(name), identity), ref.size)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file; see `satark.api.Channel.discard`."""
        name, _ = self._locate(ref)
        await asyncio.to_thread(self._delete, name)

    def note_work(self, key: DraftKey) -> None:
        """Note that a draft's browser has done the proof of work, or waited instead, for its uploads. Blocks."""
        self._store.put(f"{key.folder}/{_WORKED}", b"worked")

    def has_worked(self, key: DraftKey) -> bool:
        """Whether a draft's browser has done the proof of work, or waited instead, for its uploads. Blocks."""
        return self._store.size(f"{key.folder}/{_WORKED}") is not None

    async def run_cleanup(self) -> None:
        """Delete expired uploads until cancelled. Several processes may run this at once."""
        await keep_running("uploads", self._cleanup)

    def delete_expired(self) -> None:
        """Delete expired uploads. Blocks."""
        now = self._clock()
        for name, objects in self._uploads().items():
            if self._expires(objects) < now:
                self._delete(name, objects)

    async def _cleanup(self) -> None:
        while True:
            await asyncio.to_thread(self.delete_expired)
            await asyncio.sleep(CLEANUP_SECONDS)

    def _create(self, key: DraftKey, kind: MediaKind, length: int | None) -> str:
        upload = secrets.token_hex(16)
        max_bytes = self._available_bytes(key, length)
        recipient, identity = new_identity()
        manifest = UploadManifest(
            identity=identity, recipient=recipient, kind=kind, max_bytes=max_bytes, length=length, made=self._clock()
        )
        self._store.put(f"{key.folder}/{upload}/{MANIFEST}", key.seal(manifest, upload), new=True)
        try:
            self._check_quota(self._statuses(key), 0)  # another request may have created one at the same time
        except UploadRefused:
            self._delete(f"{key.folder}/{upload}")
            raise
        return upload

    def _available_bytes(self, key: DraftKey, length: int | None) -> int:
        """Return the size that a new file may reach."""
        stored = self._statuses(key)
        if len(stored) >= self._settings.upload_files:
            raise UploadRefused("too-many")
        left = self._check_quota(stored, length or 1)
        max_bytes = length or min(left, self.file_bytes)
        if self._lacks_space(max_bytes) and not self._reclaim(max_bytes):
            raise UploadRefused("disk-full")
        return max_bytes

    def _check_quota(self, stored: Sequence[UploadStatus], wanted: int) -> int:
        """Return the number of bytes that a draft with these uploads has left."""
        left = self._settings.upload_bytes - sum(max(s.length or 0, s.offset) for s in stored)
        if len(stored) > self._settings.upload_files:
            raise UploadRefused("too-many")
        if left < wanted:
            raise UploadRefused("quota")
        return left

    def _lacks_space(self, wanted: int) -> bool:
        free = self._store.free_bytes()
        return free is not None and free - wanted < self._settings.upload_reserve_bytes

    def _reclaim(self, wanted: int) -> bool:
        """Delete long idle files that are not part of a tip, the oldest first. True: there is enough room now."""
        latest = self._clock() - _IDLE_SECONDS
        idle = [(_changed(found), name, found) for name, found in self._uploads().items() if not _is_attached(found)]
        for changed, name, found in sorted(idle):
            if changed >= latest:
                break
            self._delete(name, found)
            if not self._lacks_space(wanted):
                return True
        return False

    def _uploads(self, draft: str = "") -> dict[str, list[Stored]]:
        """Return `<draft>/<upload>` → the stored files, for the uploads of one draft or of all."""
        found = defaultdict(list)
        for stored in self._store.files(draft):
            found["/".join(stored.name.split("/")[:2])].append(stored)
        return found

    def _delete(self, name: str, objects: Sequence[Stored] | None = None) -> None:
        found = self._store.files(name) if objects is None else objects
        # The manifest, without which nothing opens, goes first: a segment that comes now is refused.
        self._store.remove(sorted((one.name for one in found), key=lambda one: not one.endswith(MANIFEST)))

    def _find(self, key: DraftKey, upload: str) -> tuple[FileStore, UploadManifest]:
        folder = self._store.below(f"{key.folder}/{upload}")
        sealed = b""
        with suppress(FileNotFoundError):
            sealed = folder.read(MANIFEST) if _UPLOAD_ID.fullmatch(upload) else b""
        manifest = key.open(sealed, upload) if sealed else None
        if manifest is None:
            raise UploadRefused("unknown")
        return folder, manifest

    def _status(self, key: DraftKey, upload: str) -> UploadStatus:
        folder, manifest = self._find(key, upload)
        try:
            offset, objects = segments.stored_bytes(folder), list(folder.files())
        except FileNotFoundError:
            raise UploadRefused("unknown") from None
        return UploadStatus(
            upload=upload,
            kind=manifest.kind,
            offset=offset,
            length=manifest.length,
            attached=_is_attached(objects),
            max_bytes=manifest.max_bytes,
            expires=int(self._expires(objects)),
            made=manifest.made,
        )

    def _statuses(self, key: DraftKey, attached: str = _ATTACHED) -> list[UploadStatus]:
        """Return the uploads of a draft that are part of no tip, or whose sign that they are ends so."""
        found = []
        for name, objects in self._uploads(key.folder).items():
            with suppress(UploadRefused):
                if not _is_attached(objects) or any(one.name.endswith(attached) for one in objects):
                    found.append(self._status(key, name.partition("/")[2]))
        return sorted(found, key=lambda status: status.made)

    def _finish(self, key: DraftKey, upload: str) -> UploadStatus:
        folder, manifest = self._find(key, upload)
        status = self._status(key, upload)
        if not status.offset:
            raise UploadRefused("empty")
        complete = msgspec.structs.replace(manifest, length=status.offset)
        folder.put(MANIFEST, key.seal(complete, upload))
        return msgspec.structs.replace(status, length=status.offset)

    def _attach(self, key: DraftKey, upload: str, account: str, page: str) -> Media:
        folder, manifest = self._find(key, upload)
        if not self._status(key, upload).complete:
            raise UploadRefused("incomplete")
        folder.put(_attached(key, page), b"attached")
        handle = f"{key.folder}/{upload}/{manifest.identity}"
        digest = _digest(segments.read_segments(folder, manifest.identity))
        return Media(MediaRef(account=account, id=handle, sha256=digest, size=manifest.length or 0), manifest.kind)

    def _locate(self, ref: MediaRef) -> tuple[str, str]:
        found = _HANDLE.fullmatch(ref.id)
        if not found:
            raise MediaGone("not an upload")
        return f"{found[1]}/{found[2]}", found[3]

    def _expires(self, objects: Sequence[Stored]) -> float:
        """Return when an upload expires, in Unix seconds, counted from the last change of it."""
        term = 86400 * self._settings.upload_attached_days if _is_attached(objects) else None
        return _changed(objects) + (term or 60 * self._settings.upload_minutes)


def _attached(key: DraftKey, page: str) -> str:
    """Return the name of the sign that a page made a file part of a tip. Another page's file is none of its."""
    return f"{key.mark(page or secrets.token_hex(16))}.{_ATTACHED}"


def _is_attached(objects: Sequence[Stored]) -> bool:
    return any(one.name.endswith(_ATTACHED) for one in objects)


def _changed(objects: Sequence[Stored]) -> float:
    return max((one.changed for one in objects), default=0)


def _digest(contents: Iterator[bytes]) -> str:
    """Return the SHA-256 of a file; empty if it was altered or deleted, which `fetch` tells."""
    digest = sha256()
    with suppress(CantOpen, FileNotFoundError):
        for content in contents:
            digest.update(content)
        return digest.hexdigest()
    return ""


async def _verified(contents: Iterator[bytes], size: int) -> AsyncIterator[bytes]:
    count = 0
    try:
        while content := await asyncio.to_thread(next, contents, b""):
            count += len(content)
            yield content
    except (CantOpen, FileNotFoundError):
        raise MediaGone("deleted or altered") from None
    if count != size or not count:
        raise MediaGone("incomplete")
