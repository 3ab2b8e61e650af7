"""Cleans files that lie on this machine."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from satark_files.file_endings import ending_of
from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import LeftOut, Reason, Scrubber, Unclean
from satark_files.sniff import UNKNOWN, sniff_file
from satark_files.working_copies import WorkingCopies


class CleanedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one file."""

    file: str
    mime: str
    """The file's MIME type, by its content."""
    copy: str = ""
    """Path of the clean copy; empty if there is none."""
    copy_mime: str = ""
    bytes: int = 0
    """Size of the clean copy."""
    readable: int = 100
    """Percent of the file that could be read."""
    left_out: tuple[LeftOut, ...] = ()
    """What the file holds that the clean copy does not show."""
    problem: Reason | None = None
    """Why there is no clean copy; None if there is one."""


async def clean_files(
    files: Sequence[Path], folder: Path | None, limits: Limits, scrubbers: Sequence[Scrubber], *, weakly: bool = False
) -> AsyncIterator[CleanedFile]:
    """Clean files one after the other, each in the sandbox, and yield the result for each.

    The copy of `photo.heic` is called `photo.clean.jpg`; a file of that name is replaced.

    Args:
        files: the paths of the files, which are not changed.
        folder: the folder for the copies; None puts each copy beside its file.
        limits: bounds on each file.
        scrubbers: the first scrubber that has a file's type cleans the file.
        weakly: clean even where the system forbids a part of the isolation.

    Raises:
        OSError: a file can't be read, or its copy can't be written.
    """
    async with Sandbox(scrubbers, allow_weak_isolation=weakly) as sandbox:
        for file in files:
            with tempfile.TemporaryDirectory(prefix="satark-clean-") as plain:
                yield await _clean(file, folder or file.parent, Path(plain), limits, sandbox)


async def _clean(file: Path, folder: Path, plain: Path, limits: Limits, sandbox: Sandbox) -> CleanedFile:
    source = plain / "original"
    await asyncio.to_thread(shutil.copyfile, file, source)
    mime = await asyncio.to_thread(sniff_file, source)
    copies = WorkingCopies(plain, limits, sandbox)
    if not sandbox.cleans(mime):
        return CleanedFile(file=str(file), mime=mime, problem="unknown" if mime == UNKNOWN else "unsupported")
    try:
        made = await copies.make_clean(source, mime)
    except Unclean as unclean:
        return CleanedFile(file=str(file), mime=mime, problem=unclean.reason)
    target = folder / f"{file.stem}.clean{ending_of(made)}"
    await asyncio.to_thread(shutil.copyfile, copies.clean, target)
    return CleanedFile(
        file=str(file), mime=mime, copy=str(target), copy_mime=str(made), bytes=target.stat().st_size,
        readable=made.readable, left_out=made.left_out,
    )  # fmt: skip
