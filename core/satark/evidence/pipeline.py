"""Taking a file in: hashed and sealed as it streams, cleaned in the sandbox, the copy hashed and sealed.

In plain the file exists only in its private folder in memory (`satark.evidence.room`). A process killed at any point
leaves nothing that a rerun, with the same folder and name, does not replace; `sweep` removes the rest at start.
"""

from __future__ import annotations

import asyncio
import socket
import stat
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from satark.evidence import room as rooms
from satark.evidence import sealed
from satark.evidence.scrubbers import Reason, Unclean
from satark.evidence.sealed import Measured, clean_path, disguised_path, original_path
from satark.evidence.sniff import UNKNOWN, sniff_file
from satark.evidence.voice import DISGUISED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from pathlib import Path

    from satark.evidence.limits import Limits
    from satark.evidence.sandbox import Sandbox


class TooLarge(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file has more bytes than one file may have. Nothing of it was kept."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
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
    """Of the copy in which the voice is disguised, where there is one (`satark.evidence.voice`)."""
    problem: Reason | None = None
    """Why there is no clean copy."""


async def take_in(
    stream: AsyncIterator[bytes],
    *,
    recipient: str,
    folder: Path,
    name: str,
    announced_mime: str,
    limits: Limits,
    sandbox: Sandbox,
    room: Path,
    voice: bool = False,
) -> Taken:
    """Seal a file as `<name>.original.age` in `folder`, and a clean copy, where one can be made, as `<name>.clean.age`.

    Of a voice, and of whatever else is sound alone, a disguised copy is sealed too, as `<name>.disguised.age`. All are
    on the disk and read back when this returns. `announced_mime` serves only to word a reason.

    Args:
        stream: the file's bytes, in pieces of any size.
        recipient: the tip's age recipient.
        folder: where sealed files of the tip lie; made if need be.
        name: of the file within it; no words of the sender's.
        announced_mime: what the sender or provider called it, or empty.
        limits: what is too much.
        sandbox: where it is cleaned.
        room: the folder for plaintext, from `satark.evidence.room.workroom`.
        voice: whether the sender spoke it.

    Raises:
        TooLarge: the stream has more than `limits.file_bytes` bytes.
        OSError: the disk failed or is full, or `stream` raised it: try again later.
    """
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    with rooms.private_folder(room) as private:
        source = private / "original"
        target = original_path(folder, name)
        with source.open("xb") as copy:
            measured, copied = await _seal_stream(stream, target, recipient, limits.file_bytes, copy)
        mime = await asyncio.to_thread(sniff_file, source)
        taken = Taken(mime=mime, bytes=measured.bytes, sha256=measured.sha256, md5=measured.md5)
        try:
            _check_cleanable(taken, announced_mime, sandbox, copied=copied)
            clean = private / "clean"
            clean_mime = await sandbox.scrub(mime, source, clean, limits)
            await asyncio.to_thread(_check_copy, clean, clean_mime)
            copy_measured = await asyncio.to_thread(_seal_copy, clean, clean_path(folder, name), recipient)
        except Unclean as unclean:
            await asyncio.to_thread(clean_path(folder, name).unlink, missing_ok=True)
            return msgspec.structs.replace(taken, problem=unclean.reason)
        taken = msgspec.structs.replace(
            taken, clean_mime=clean_mime, clean_bytes=copy_measured.bytes, clean_sha256=copy_measured.sha256
        )
        if not voice and not clean_mime.startswith("audio/"):
            return taken
        disguised = await _disguise(clean, disguised_path(folder, name), recipient, limits, sandbox)
    return msgspec.structs.replace(taken, disguised_bytes=disguised.bytes, disguised_sha256=disguised.sha256)


def open_original(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """The original's bytes in pieces, none before all of it was authenticated. Blocks: run it in a thread.

    Raises:
        CantOpen: the key is another, or the file was altered or is not the one recorded.
        FileNotFoundError: it was erased.
    """
    return sealed.open_sealed(original_path(folder, name), identity, room, expected_sha256)


def open_clean(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Likewise the clean copy's bytes."""
    return sealed.open_sealed(clean_path(folder, name), identity, room, expected_sha256)


def open_disguised(
    folder: Path, name: str, identity: str, room: Path, expected_sha256: str = ""
) -> Generator[bytes, None, None]:
    """Likewise the bytes of the copy in which the voice is disguised."""
    return sealed.open_sealed(disguised_path(folder, name), identity, room, expected_sha256)


def erase(folder: Path, name: str) -> None:
    """Remove every sealed file of this name, durably. Nothing happens where there are none."""
    sealed.erase(folder, name)


def sweep(evidence_dir: Path, room: Path) -> None:
    """Remove what killed processes left: half-written files and plaintext. Call it at start; what is in use stays."""
    rooms.sweep(room)
    sealed.sweep_parts(evidence_dir)


async def _disguise(clean: Path, target: Path, recipient: str, limits: Limits, sandbox: Sandbox) -> Measured:
    """Seal a copy in which the voice is disguised; where none can be made, nobody hears it alone."""
    copy = clean.with_name("disguised")
    try:
        await asyncio.to_thread(_check_copy, copy, await sandbox.scrub(DISGUISED, clean, copy, limits))
        return await asyncio.to_thread(_seal_copy, copy, target, recipient)
    except Unclean:
        await asyncio.to_thread(target.unlink, missing_ok=True)
        return Measured(0, "", "")


async def _seal_stream(
    stream: AsyncIterator[bytes], target: Path, recipient: str, most: int, copy: BinaryIO
) -> tuple[Measured, bool]:
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
            await asyncio.to_thread(sealed.drop, target)
        raise
    await asyncio.to_thread(sealed.keep, target, msgspec.structs.replace(measured, bytes=count))
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


def _seal_from(pipe: socket.socket, target: Path, recipient: str, copy: BinaryIO) -> tuple[Measured, bool]:
    with pipe, pipe.makefile("rb") as source:
        measured, copied = sealed.seal_file(source, target, recipient, copy)
    if copied:
        copy.flush()
    return measured, copied


def _seal_copy(clean: Path, target: Path, recipient: str) -> Measured:
    with clean.open("rb") as source:
        measured, _ = sealed.seal_file(source, target, recipient)
    sealed.keep(target, measured)
    return measured


def _check_copy(clean: Path, mime: str) -> None:
    """Believe the child nothing: a hostile file may have taken it over and left a link to one of our own files."""
    found = clean.lstat() if clean.exists() else None
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or sniff_file(clean) != mime:
        raise Unclean("crashed")


def _check_cleanable(taken: Taken, announced_mime: str, sandbox: Sandbox, *, copied: bool) -> None:
    if not taken.bytes:
        raise Unclean("empty")
    if not copied:
        raise Unclean("no-room")
    if taken.mime == UNKNOWN:
        raise Unclean("mislabelled" if sandbox.cleans(announced_mime) else "unknown")
    if not sandbox.cleans(taken.mime):
        raise Unclean("mislabelled" if sandbox.cleans(announced_mime) else "no-cleaner")
