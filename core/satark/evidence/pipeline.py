"""Taking a file in: hashed and sealed as it streams, cleaned in the sandbox, the copy hashed and sealed.

In plain the file exists only in its private folder in memory (`satark.store.workspace`). A process killed at any point
leaves nothing that a rerun, with the same folder and name, does not replace; `remove_abandoned` removes the rest at start.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from satark.evidence.preview import PREVIEW_JOB
from satark.evidence.recordings.disguise import DISGUISE_JOB
from satark.evidence.sniff import UNKNOWN, sniff_file
from satark.evidence.working_copies import NO_COPY, WorkingCopies
from satark.scrubber import Reason, Unclean
from satark.store import sealed_files
from satark.store import workspace as rooms
from satark.store.sealed_files import ContentDigest, clean_path, disguised_path, original_path, preview_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from pathlib import Path

    from satark.evidence.sandbox.sandbox import Sandbox
    from satark.limits import Limits
    from satark.tip import Origin

_SEEN = ("image/", "video/")
_SHOWN = (*_SEEN, "audio/", "application/pdf")
"""What a preview can be made of."""


class TooLarge(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file has more bytes than one file may have. Nothing of it was kept."""


class Rejected(Exception):  # noqa: N818 - likewise
    """The file is one that must not be kept. Nothing of it was."""


class ProcessedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: the part of `tip.Evidence` that its bytes decide."""

    mime: str
    """What the bytes are, by their content; `application/octet-stream` where that is not known."""
    bytes: int
    sha256: str
    """Of the original, as received, hex."""
    md5: str
    """Likewise: the certificate under BSA 2023 section 63(4) has a line for it."""
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    disguised_bytes: int = 0
    disguised_sha256: str = ""
    """Of the copy in which the voice is disguised, where there is one (`satark.evidence.recordings.disguise`)."""
    preview_mime: str = ""
    preview_bytes: int = 0
    preview_sha256: str = ""
    """Of the preview for the desk, where there is one (`satark.evidence.preview`)."""
    origin: Origin | None = None
    """Where and when it was taken, as the file says: for the tipster to release or not, and for nobody else yet."""
    problem: Reason | None = None
    """Why there is no clean copy."""


async def process_file(
    stream: AsyncIterator[bytes],
    *,
    recipient: str,
    folder: Path,
    name: str,
    declared_mime: str,
    limits: Limits,
    sandbox: Sandbox,
    room: Path,
    voice: bool = False,
    max_bytes: int | None = None,
    unwanted: Callable[[str, Path], bool] | None = None,
) -> ProcessedFile:
    """Seal a file as `<name>.original.age` in `folder`, and a clean copy, where one can be made, as `<name>.clean.age`.

    Of a voice, and of whatever else is sound alone, a disguised copy is sealed too, as `<name>.disguised.age`; of what
    can be shown small, a preview, as `<name>.preview.age`. All are on the
    disk and read back when this returns. `declared_mime` serves only to word a reason.

    Args:
        stream: the file's bytes, in pieces of any size.
        recipient: the tip's age recipient.
        folder: where sealed files of the tip lie; made if need be.
        name: of the file within it; no words of the sender's.
        announced_mime: what the sender or provider called it, or empty.
        limits: what is too much.
        sandbox: where it is cleaned.
        room: the folder for plaintext, from `satark.store.workspace.workspace_dir`.
        voice: whether the sender spoke it.
        most_bytes: what this file may have at most; None: what any file may have.
        unwanted: looks at the clean copy (its type and where it lies in plain) and says whether the file must go.

    Raises:
        TooLarge: the stream has more bytes than the file may have.
        Unwanted: `unwanted` said so.
        OSError: the disk failed or is full, or `stream` raised it: try again later.
    """
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    most = limits.file_bytes if max_bytes is None else min(max_bytes, limits.file_bytes)
    with rooms.temporary_folder(room) as private:
        source = private / "original"
        with source.open("xb") as copy:
            measured, copied = await _seal_stream(stream, original_path(folder, name), recipient, most, copy)
        mime = await asyncio.to_thread(sniff_file, source)
        taken = ProcessedFile(mime=mime, bytes=measured.bytes, sha256=measured.sha256, md5=measured.md5)
        copies = WorkingCopies(private, recipient, limits, sandbox)
        try:
            _check_cleanable(taken, declared_mime, sandbox, copied=copied)
            clean_mime = await copies.make_clean(source, mime)
        except Unclean as unclean:
            await asyncio.to_thread(sealed_files.erase_derived_copies, folder, name)
            return msgspec.structs.replace(taken, problem=unclean.reason)
        if unwanted is not None and await asyncio.to_thread(unwanted, clean_mime, copies.clean):
            await asyncio.to_thread(sealed_files.erase, folder, name)
            raise Rejected
        heard = voice or clean_mime.startswith("audio/")
        copied_too = await _seal_copies(copies, clean_mime, folder, name, heard=heard)
        # A recording of sound may lie in a film's container, and say when it was made: nobody saw anything in it.
        origin = await copies.read_origin(source) if mime.startswith(_SEEN) and not heard else None
    return msgspec.structs.replace(taken, origin=origin, **copied_too)


async def _seal_copies(copies: WorkingCopies, mime: str, folder: Path, name: str, *, heard: bool) -> dict[str, Any]:
    """Seal the clean copy, and what is made of that; give what `ProcessedFile` says of them."""
    clean = await copies.seal_clean(mime, clean_path(folder, name))
    disguised = await copies.seal_further(DISGUISE_JOB, disguised_path(folder, name)) if heard else NO_COPY
    shown = mime.startswith(_SHOWN)
    preview = await copies.seal_further(PREVIEW_JOB, preview_path(folder, name)) if shown else NO_COPY
    return {
        "clean_mime": clean.mime,
        "clean_bytes": clean.bytes,
        "clean_sha256": clean.sha256,
        "disguised_bytes": disguised.bytes,
        "disguised_sha256": disguised.sha256,
        "preview_mime": preview.mime,
        "preview_bytes": preview.bytes,
        "preview_sha256": preview.sha256,
    }


def open_original(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """The original's bytes in pieces, none before all of it was authenticated. Blocks: run it in a thread.

    Raises:
        CantOpen: the key is another, or the file was altered or is not the one recorded.
        FileNotFoundError: it was erased.
    """
    return sealed_files.open_sealed(original_path(folder, name), identity, room, expected_sha256)


def open_clean(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Likewise the clean copy's bytes."""
    return sealed_files.open_sealed(clean_path(folder, name), identity, room, expected_sha256)


def open_disguised(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Likewise the bytes of the copy in which the voice is disguised."""
    return sealed_files.open_sealed(disguised_path(folder, name), identity, room, expected_sha256)


def open_preview(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Likewise the preview's bytes."""
    return sealed_files.open_sealed(preview_path(folder, name), identity, room, expected_sha256)


def erase(folder: Path, name: str) -> None:
    """Remove every sealed file of this name, durably. Nothing happens where there are none."""
    sealed_files.erase(folder, name)


def remove_abandoned(evidence_dir: Path, room: Path) -> None:
    """Remove what killed processes left: half-written files and plaintext. Call it at start; what is in use stays."""
    rooms.remove_abandoned_folders(room)
    sealed_files.remove_abandoned_parts(evidence_dir)


async def _seal_stream(
    stream: AsyncIterator[bytes], target: Path, recipient: str, most: int, copy: BinaryIO
) -> tuple[ContentDigest, bool]:
    """Feed the stream, through a socket that holds it back when the disk is slow, to a thread that seals it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - positional in the standard library
    sealing = asyncio.create_task(asyncio.to_thread(_seal_from, theirs, target, recipient, copy))
    try:
        with ours:
            count = await _feed(stream, ours, most)
        measured, copied = await asyncio.shield(sealing)
    except BaseException:
        # The thread ends now that its pipe is closed. What it could not seal it has removed itself.
        await asyncio.wait([sealing])
        if sealing.exception() is None:
            await asyncio.to_thread(sealed_files.discard_part, target)
        raise
    await asyncio.to_thread(sealed_files.put_in_place, target, msgspec.structs.replace(measured, bytes=count))
    return measured, copied


async def _feed(stream: AsyncIterator[bytes], pipe: socket.socket, most: int) -> int:
    """Send the stream down the pipe, and count its bytes; where the other end is gone, leave the reason to it."""
    loop = asyncio.get_running_loop()
    count = 0
    async for piece in stream:
        count += len(piece)
        if count > most:
            raise TooLarge
        try:
            await loop.sock_sendall(pipe, piece)
        except (BrokenPipeError, ConnectionResetError):
            break
    return count


def _seal_from(pipe: socket.socket, target: Path, recipient: str, copy: BinaryIO) -> tuple[ContentDigest, bool]:
    with pipe, pipe.makefile("rb") as source:
        measured, copied = sealed_files.seal_file(source, target, recipient, copy)
    if copied:
        copy.flush()
    return measured, copied


def _check_cleanable(taken: ProcessedFile, declared_mime: str, sandbox: Sandbox, *, copied: bool) -> None:
    if not taken.bytes:
        raise Unclean("empty")
    if not copied:
        raise Unclean("no-room")
    if taken.mime == UNKNOWN:
        raise Unclean("mislabelled" if sandbox.cleans(declared_mime) else "unknown")
    if not sandbox.cleans(taken.mime):
        raise Unclean("mislabelled" if sandbox.cleans(declared_mime) else "no-cleaner")
