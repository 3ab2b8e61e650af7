"""Makes the copies of one file in the sandbox and checks each: a clean copy, and the files derived from it."""

import asyncio
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from satark_files import origin
from satark_files.limits import Limits
from satark_files.origin import Origin
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import LOOKS_JOB, ORIGIN_JOB, Cleaned, Unclean
from satark_files.sniff import sniff_file

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
        steps = [(mime, source, self.clean), *((job, self._source_of(job, source), self.path_of(job)) for job in todo)]
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
        """Return a job's answer about a file. Raises Unclean: the job fails, or no scrubber does this job."""
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

    def _source_of(self, job: str, source: Path) -> Path:
        return source if job == ORIGIN_JOB else self.clean


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
