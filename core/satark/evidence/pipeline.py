"""Processes one file of evidence: hash and seal it while it streams in, clean it in the sandbox, seal the copies.

The plain file exists only in a temporary folder of the tmpfs workspace (`satark.store.workspace`). If a process is
killed at any point, a rerun with the same name replaces the sealed files that it left.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from satark.evidence.stream_sealing import seal_stream
from satark.store import sealed_files
from satark.store.sealed_files import SealedForm, SealedPart, StoredForm, stored_form
from satark.store.workspace import temporary_folder
from satark_files import scrubber
from satark_files.file_store import FileStore
from satark_files.limits import Limits
from satark_files.origin import Origin
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Cleaned, LeftOut, Reason, Unclean
from satark_files.sniff import UNKNOWN, sniff_file
from satark_files.working_copies import WorkingCopies

_VISUAL = ("image/", "video/")
_PREVIEWABLE = (*_VISUAL, "audio/", "application/pdf")
_JOBS: Final = {
    "image/": (scrubber.PREVIEW_JOB, scrubber.LOOKS_JOB, scrubber.ORIGIN_JOB),
    "video/": (scrubber.MUTE_JOB, scrubber.PREVIEW_JOB, scrubber.ORIGIN_JOB),
    "audio/": (scrubber.DISGUISE_JOB, scrubber.PREVIEW_JOB),
    "application/pdf": (scrubber.PREVIEW_JOB,),
}
"""Beginning of a MIME type → the jobs on the clean copy of such a file."""


class Rejected(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The caller's check rejected the file. Nothing of it was stored."""


class ProcessedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The part of `satark.api.tip.Evidence` that is computed from a file's bytes; its fields mean the same there."""

    mime: str
    bytes: int
    sha256: str
    md5: str
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    muted_bytes: int = 0
    muted_sha256: str = ""
    disguised_bytes: int = 0
    disguised_sha256: str = ""
    preview_mime: str = ""
    preview_bytes: int = 0
    preview_sha256: str = ""
    looks: str = ""
    origin: Origin | None = None
    """Where and when the file was taken. Only the tipster may decide that officers see it."""
    readable: int = 100
    left_out: tuple[LeftOut, ...] = ()
    problem: Reason | None = None
    """Why there is no clean copy; None if there is one."""


class _SealedCopy(msgspec.Struct, frozen=True):
    mime: str = ""
    bytes: int = 0
    sha256: str = ""


_NO_COPY: Final = _SealedCopy()


_ALONE: Final = partial(asyncio.sleep, 0)

_Place: TypeAlias = Callable[[SealedForm], StoredForm]
"""Returns the place of a sealed form of the file."""


class _SealedCopies(WorkingCopies):
    def __init__(
        self, folder: Path, limits: Limits, sandbox: Sandbox, *, place: _Place, recipient: str, original: SealedPart
    ) -> None:
        super().__init__(folder, limits, sandbox)
        self._place = place
        self._recipient = recipient
        self._original = original
        self.sealed: list[SealedPart] = []
        """The sealed copies that are not in their places yet."""
        self.absent: list[StoredForm] = []
        """Copies that this run does not make. An earlier run may have left them."""

    async def clean_original(self, source: Path, file: ProcessedFile, declared_mime: str) -> Cleaned:
        """Make the clean copy, and do the jobs on it. Raises Unclean: as for `make_clean`, or nothing cleans it."""
        _check_cleanable(file, declared_mime, self._sandbox, copied=self._original.copied)
        jobs = next((jobs for beginning, jobs in _JOBS.items() if file.mime.startswith(beginning)), ())
        return await self.make_clean(source, file.mime, jobs)

    async def seal_clean(self, mime: str) -> _SealedCopy:
        return await self._seal(self.clean, mime, "clean")

    async def seal_derived(self, job: str, form: SealedForm) -> _SealedCopy:
        """Do a job on the clean copy and seal its result; return `_NO_COPY` without a file if there is no result."""
        try:
            mime = await self.derive(job)
        except Unclean:
            self.absent.append(self._place(form))
            return _NO_COPY
        return await self._seal(self.path_of(job), mime, form)

    async def seal_disguised(self) -> _SealedCopy:
        """Disguise a voice. If that fails, the copy is empty, so that a file with sound never counts as silent."""
        disguised = await self.seal_derived(scrubber.DISGUISE_JOB, "disguised")
        if not disguised.sha256:
            self.absent.pop()
            nothing, least, target = io.BytesIO(), self._original.padded, self._place("disguised")
            self.sealed.append(
                await asyncio.to_thread(sealed_files.seal_file, nothing, target, self._recipient, least=least)
            )
        return disguised

    def put_original_alone(self, store: FileStore, name: str) -> None:
        """Store the original in place of what an earlier run left."""
        sealed_files.erase_derived_copies(store, name)
        sealed_files.put_in_place(self._original)

    def put_in_place(self) -> None:
        """Store the original and its copies in place of those that an earlier run left."""
        for copy in self.absent:
            copy.remove()
        sealed_files.put_in_place(self._original, *self.sealed)

    async def _seal(self, copy: Path, mime: str, form: SealedForm) -> _SealedCopy:
        least = sealed_files.PREVIEW if copy == self.path_of(scrubber.PREVIEW_JOB) else self._original.padded
        part = await asyncio.to_thread(_seal_copy, copy, self._place(form), self._recipient, least)
        self.sealed.append(part)
        # A `Cleaned` is a str that can't be encoded.
        return _SealedCopy(str(mime), part.digest.bytes, part.digest.sha256)


def _seal_copy(copy: Path, target: StoredForm, recipient: str, least: int) -> SealedPart:
    with copy.open("rb") as source:
        return sealed_files.seal_file(source, target, recipient, least=least)


async def process_file(
    stream: AsyncIterator[bytes],
    *,
    recipient: str,
    store: FileStore,
    name: str,
    declared_mime: str,
    limits: Limits,
    sandbox: Sandbox,
    workspace: Path,
    voice: bool = False,
    max_bytes: int | None = None,
    reject: Callable[[str, Path], bool] | None = None,
    before_store: Callable[[], Awaitable[None]] = _ALONE,
) -> ProcessedFile:
    """Seal a file and its copies in `store`; on return, all are checked and outlast a power cut.

    The original is sealed as `<name>.original.age`, and the clean copy, if one can be made, as `<name>.clean.age`. A
    film with sound also gets a muted copy, `<name>.muted.age`. Sound without a picture gets a disguised copy,
    `<name>.disguised.age`. Images, video, sound and PDF get a preview, `<name>.preview.age`.

    Args:
        name: the file's name in that store, which must not hold the sender's words.
        declared_mime: the type that the sender or provider gave, or empty. Only the reason of a failure depends on it.
        workspace: the folder for plain files, from `satark.store.workspace.workspace_dir`.
        voice: whether the file is a recording that the sender spoke.
        reject: given the type and path of the plain clean copy, tells whether the file must be erased.
        before_store: awaited before a file of that name is put, replaced or erased; it may raise instead.

    Raises:
        TooLarge: the stream has more bytes than the file may have.
        Rejected: `reject` returned true.
        OSError: the disk failed or is full, the store is down, or `stream` raised it. Try again later.
    """
    place = partial(stored_form, store, name)
    most = limits.file_bytes if max_bytes is None else min(max_bytes, limits.file_bytes)
    with temporary_folder(workspace) as plain:
        source = plain / "original"
        file, original = await _seal_original(stream, place("original"), recipient, most, source)
        copies = _SealedCopies(plain, limits, sandbox, place=place, recipient=recipient, original=original)
        try:
            try:
                clean_mime = await copies.clean_original(source, file, declared_mime)
            except Unclean as unclean:
                await before_store()
                await asyncio.to_thread(copies.put_original_alone, store, name)
                return msgspec.structs.replace(file, problem=unclean.reason)
            if reject is not None and await asyncio.to_thread(reject, clean_mime, copies.clean):
                await before_store()
                await asyncio.to_thread(sealed_files.erase, store, [name])
                raise Rejected
            sound = voice or clean_mime.startswith("audio/")
            sealed = await _seal_copies(copies, clean_mime, sound=sound)
            read = await _read_original(copies, source, file.mime, clean_mime, sound=sound)
            await before_store()
            await asyncio.to_thread(copies.put_in_place)
        finally:  # what is in its place stays
            for part in (original, *copies.sealed):
                part.discard()
    return msgspec.structs.replace(file, **read, **sealed)


async def _seal_original(
    stream: AsyncIterator[bytes], target: StoredForm, recipient: str, most: int, source: Path
) -> tuple[ProcessedFile, SealedPart]:
    """Seal the stream and copy it to `source`; return the file's facts and the sealed part."""
    with source.open("xb") as copy:
        part = await seal_stream(stream, target, recipient, most, copy)
    mime, digest = await asyncio.to_thread(sniff_file, source), part.digest
    return ProcessedFile(mime=mime, bytes=digest.bytes, sha256=digest.sha256, md5=digest.md5), part


async def _seal_copies(copies: _SealedCopies, mime: str, *, sound: bool) -> dict[str, Any]:
    """Seal the clean copy and the copies derived from it; return their fields of `ProcessedFile`."""
    clean = await copies.seal_clean(mime)
    muted = await _seal_muted(copies, clean) if mime.startswith("video/") else _NO_COPY
    # A container of films may hold sound alone, as that of many phones' recorders does.
    sound = sound or (mime.startswith("video/") and not muted.sha256)
    disguised = await copies.seal_disguised() if sound else _NO_COPY
    previewable = mime.startswith(_PREVIEWABLE)
    preview = await copies.seal_derived(scrubber.PREVIEW_JOB, "preview") if previewable else _NO_COPY
    made = {"clean": clean, "muted": muted, "disguised": disguised, "preview": preview}
    fields = {f"{name}_{key}": getattr(copy, key) for name, copy in made.items() for key in ("mime", "bytes", "sha256")}
    return {field: value for field, value in fields.items() if field in ProcessedFile.__struct_fields__}


async def _read_original(
    copies: _SealedCopies, source: Path, mime: str, clean: Cleaned, *, sound: bool
) -> dict[str, Any]:
    """Read the facts about the original that don't concern its copies; return them as fields of `ProcessedFile`."""
    # Sound in a video container may have an origin too, but only what shows something is taken somewhere.
    origin = await copies.read_origin(source) if mime.startswith(_VISUAL) and not sound else None
    looks = await copies.read_looks() if clean.startswith("image/") else ""
    return {"origin": origin, "looks": looks, "readable": clean.readable, "left_out": clean.left_out}


async def _seal_muted(copies: _SealedCopies, clean: _SealedCopy) -> _SealedCopy:
    """Seal a film's muted copy. A film without sound has the same muted and clean copy, which is stored once."""
    muted = await copies.seal_derived(scrubber.MUTE_JOB, "muted")
    if muted.sha256 != clean.sha256:
        return muted
    copies.sealed.pop().discard()
    return msgspec.structs.replace(muted, bytes=0)


def _check_cleanable(file: ProcessedFile, declared_mime: str, sandbox: Sandbox, *, copied: bool) -> None:
    if not file.bytes:
        raise Unclean("empty")
    if not copied:
        raise Unclean("no-space")
    if file.mime == UNKNOWN:
        raise Unclean("mislabelled" if sandbox.cleans(declared_mime) else "unknown")
    if not sandbox.cleans(file.mime):
        raise Unclean("mislabelled" if sandbox.cleans(declared_mime) else "unsupported")
