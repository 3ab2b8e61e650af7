"""Makes the copies of one file in the sandbox and checks each; cleans files that lie on this machine."""

import asyncio
import re
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from satark_files import origin
from satark_files.file_endings import ending_of
from satark_files.limits import Limits
from satark_files.origin import Origin
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import LOOKS_JOB, ORIGIN_JOB, Cleaned, LeftOut, Reason, Scrubber, Unclean
from satark_files.sniff import UNKNOWN, sniff_file

_LOOKS_BYTES: Final = 16
_LOOKS: Final = re.compile(rb"[0-9a-f]{16}")


class WorkingCopies:
    """Makes the copies of one file, in a temporary folder that is this file's alone."""

    def __init__(self, folder: Path, limits: Limits, sandbox: Sandbox) -> None:
        self._folder, self._limits, self._sandbox = folder, limits, sandbox
        self.clean = folder / "clean"
        """Path of the clean copy, once it is made."""
        self._done: Mapping[str, Cleaned | Unclean] = {}

    async def make_clean(self, source: Path, mime: str, jobs: Sequence[str] = ()) -> Cleaned:
        """Make the clean copy and return its type, with what the copy lacks.

        `jobs`: the jobs to do on the copy in the same process. Starting another process takes as long as a small photo.

        Raises:
            Unclean: the clean copy can't be made.
        """
        todo = [job for job in jobs if self._sandbox.cleans(job)]
        sources = {ORIGIN_JOB: source}
        steps = [(mime, source, self.clean), *((job, sources.get(job, self.clean), self.path_of(job)) for job in todo)]
        made, *others = await self._sandbox.scrub_in_turn(steps, self._limits)
        if isinstance(made, Unclean):
            raise made
        await asyncio.to_thread(_check, self.clean, made)
        self._done = dict(zip(todo, others, strict=False))  # a job that the process did not come to is done alone
        return made

    async def derive(self, job: str) -> str:
        """Do a job on the clean copy, write its result to `path_of(job)` and return the result's type.

        Raises:
            Unclean: the job gives no result, or no scrubber does this job.
        """
        if not self._sandbox.cleans(job):
            raise Unclean("unsupported")
        mime = await self._do(job, self.clean)
        await asyncio.to_thread(_check, self.path_of(job), mime)
        return mime

    def path_of(self, job: str) -> Path:
        """Return the path of a job's result, once the job is done."""
        return self._folder / job.replace(" ", "-")

    async def read_origin(self, source: Path) -> Origin | None:
        """Read where and when an image or video was taken; return None if the file does not say."""
        try:
            return origin.parse_origin(await self._answer(ORIGIN_JOB, source, origin.MAX_BYTES))
        except Unclean:
            return None

    async def read_looks(self) -> str:
        """Read how the clean copy of a picture looks (`satark_files.preview`); empty if it can't be read."""
        try:
            return parse_looks(await self._answer(LOOKS_JOB, self.clean, _LOOKS_BYTES))
        except Unclean:
            return ""

    async def _answer(self, job: str, source: Path, most: int) -> bytes:
        """Return a job's answer about a file. Raises Unclean: the job fails, or no scrubber does it."""
        if not self._sandbox.cleans(job):
            raise Unclean("unsupported")
        await self._do(job, source)
        return await asyncio.to_thread(_read_answer, self.path_of(job), most)

    async def _do(self, job: str, source: Path) -> str:
        """Do a job unless it is done, and return its result's type. Raises Unclean: the job fails, or failed before."""
        made = self._done.get(job) or await self._sandbox.scrub(job, source, self.path_of(job), self._limits)
        if isinstance(made, Unclean):
            raise made
        return made


def parse_looks(answer: bytes) -> str:
    """Read the sandbox's answer about how a picture looks.

    Raises:
        Unclean: the answer is not 64 bits in hex.
    """
    if not _LOOKS.fullmatch(answer):
        raise Unclean("crashed")
    return answer.decode("ascii")


def _read_answer(answer: Path, most: int) -> bytes:
    _check_file(answer)
    with answer.open("rb") as file:
        return file.read(most)


def _check(copy: Path, mime: str) -> None:
    _check_file(copy)
    if sniff_file(copy) != mime:
        raise Unclean("crashed")


def _check_file(copy: Path) -> None:
    """Refuse links: a hostile file may have taken over the child and made it link to a file outside the sandbox."""
    found = copy.lstat() if copy.exists() else None
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise Unclean("crashed")


class CleanedFile(msgspec.Struct, frozen=True, kw_only=True):
    file: str
    mime: str
    """The file's MIME type, by its content."""
    copy: str = ""
    """Path of the clean copy; empty if there is none."""
    copy_mime: str = ""
    bytes: int = 0
    """Size of the clean copy."""
    readable: int = 100
    """Percentage of the file that could be read."""
    left_out: tuple[LeftOut, ...] = ()
    """The parts of the file that the clean copy lacks."""
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
        weakly: clean even if the system forbids a part of the isolation.

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
