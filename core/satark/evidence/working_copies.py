"""Makes the copies of one file in the sandbox, checks and seals them: clean copy, disguised copy, preview."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from satark.evidence import looks, origin
from satark.evidence.jobs import LOOKS_JOB, ORIGIN_JOB
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean
from satark.store import sealed_files

if TYPE_CHECKING:
    from pathlib import Path

    from satark.evidence.sandbox.sandbox import Sandbox
    from satark.limits import Limits
    from satark.scrubber import Cleaned
    from satark.store.sealed_files import ContentDigest
    from satark.tip import Origin


class SealedCopy(msgspec.Struct, frozen=True):
    """Type, size and SHA-256 of a copy that was sealed."""

    mime: str = ""
    bytes: int = 0
    sha256: str = ""


NO_COPY: Final = SealedCopy()


class WorkingCopies:
    """Makes the copies of one file in its temporary folder."""

    def __init__(self, folder: Path, recipient: str, limits: Limits, sandbox: Sandbox) -> None:
        self._folder, self._recipient, self._limits, self._sandbox = folder, recipient, limits, sandbox
        self.clean = folder / "clean"
        """Where the plain clean copy lies once it is made."""

    async def make_clean(self, source: Path, mime: str) -> Cleaned:
        """Make the clean copy and return its type, with what is missing in it.

        Raises:
            Unclean: it can't be made.
        """
        made = await self._sandbox.scrub(mime, source, self.clean, self._limits)
        await asyncio.to_thread(_check, self.clean, made)
        return made

    async def seal_clean(self, mime: str, target: Path) -> SealedCopy:
        """Seal the clean copy."""
        return await self._seal(self.clean, mime, target)

    async def seal_derived(self, job: str, target: Path) -> SealedCopy:
        """Run a job on the clean copy and seal its result; `NO_COPY`, and no file, if it gives none."""
        made = self._folder / job.replace(" ", "-")
        if not self._sandbox.cleans(job):
            return NO_COPY
        try:
            mime = await self._sandbox.scrub(job, self.clean, made, self._limits)
            await asyncio.to_thread(_check, made, mime)
        except Unclean:
            await asyncio.to_thread(target.unlink, missing_ok=True)
            return NO_COPY
        return await self._seal(made, mime, target)

    async def read_origin(self, source: Path) -> Origin | None:
        """Read where and when an image or video was taken; None if the file does not say."""
        answer = self._folder / "origin"
        try:
            if not self._sandbox.cleans(ORIGIN_JOB):
                return None
            await self._sandbox.scrub(ORIGIN_JOB, source, answer, self._limits)
            return origin.parse_origin(await asyncio.to_thread(_read_answer, answer, origin.MAX_BYTES))
        except Unclean:
            return None

    async def read_looks(self) -> str:
        """Read how the clean copy of a picture looks (`satark.evidence.looks`); empty if it can't be read."""
        answer = self._folder / "looks"
        if not self._sandbox.cleans(LOOKS_JOB):
            return ""
        try:
            await self._sandbox.scrub(LOOKS_JOB, self.clean, answer, self._limits)
            return looks.parse_looks(await asyncio.to_thread(_read_answer, answer, looks.MAX_BYTES))
        except Unclean:
            return ""

    async def _seal(self, copy: Path, mime: str, target: Path) -> SealedCopy:
        digest = await asyncio.to_thread(_seal, copy, target, self._recipient)
        return SealedCopy(str(mime), digest.bytes, digest.sha256)  # a `Cleaned` is a str that can't be encoded


def _seal(copy: Path, target: Path, recipient: str) -> ContentDigest:
    with copy.open("rb") as source:
        digest, _ = sealed_files.seal_file(source, target, recipient)
    sealed_files.put_in_place(target, digest)
    return digest


def _read_answer(answer: Path, most: int) -> bytes:
    _check_file(answer)
    with answer.open("rb") as file:
        return file.read(most)


def _check(copy: Path, mime: str) -> None:
    _check_file(copy)
    if sniff_file(copy) != mime:
        raise Unclean("crashed")


def _check_file(copy: Path) -> None:
    """Refuse links: a hostile file may have taken the child over and made it link to one of our own files."""
    found = copy.lstat() if copy.exists() else None
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise Unclean("crashed")
