"""Runs scrubbers in child processes, one for each file, that are isolated from the machine and ended afterwards.

A child has an empty environment and limits on memory, processor time, wall-clock time, file size and open files. It has
no network, sees no other process and no file outside its own folder, and may make listed system calls only. If the
system forbids one of these protections, nothing is cleaned (`allow_weak_isolation` changes that). A crash, a hang or a
false answer of the child is a reason of `Unclean`, never another exception. Children are forked, because a new
interpreter with Pillow would take 150 ms more.
"""

import asyncio
import contextlib
import pickle
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from satark_files.decoding import DECODING_ERRORS
from satark_files.limits import Limits
from satark_files.sandbox.messages import LENGTH_BYTES, MAX_MESSAGE, CleaningJob, CleaningResult, Step
from satark_files.scrubber import Cleaned, Scrubber, Unclean

GRACE = 10.0
"""Seconds past the wall-clock limit after which the fork server counts as hung."""
_PARALLEL: Final = 2
_RESULTS: Final = msgspec.json.Decoder(CleaningResult)


class Sandbox:
    """Runs scrubbers, two files at a time. An async context manager; use it only inside the block."""

    def __init__(
        self,
        scrubbers: Sequence[Scrubber],
        *,
        allow_weak_isolation: bool = False,
        gives_way: bool = False,
    ) -> None:
        """The first scrubber that has a type cleans its files: list plugins' scrubbers before the built-in ones.

        `allow_weak_isolation`: clean even if the system forbids a part of the isolation.
        `gives_way`: clean only when a processor has nothing else to do, except a file that was starved before.
        """
        self._weakly = allow_weak_isolation
        self._gives_way = gives_way
        self._scrubbers = list(scrubbers)
        self._index = {mime: i for i, scrubber in reversed(list(enumerate(scrubbers))) for mime in scrubber.mimes}
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._stop)

    def cleans(self, mime: str) -> bool:
        """Whether there is a scrubber for this type."""
        return mime in self._index

    async def scrub(self, mime: str, source: Path, target: Path, limits: Limits) -> Cleaned:
        """Clean a file and return the copy's MIME type, with what the copy lacks (`Cleaned`).

        Both paths must lie in one folder of this file alone.

        Raises:
            Unclean: there is no clean copy; `target` may be missing or hold anything.
        """
        made = (await self.scrub_in_turn([(mime, source, target)], limits))[0]
        if isinstance(made, Unclean):
            raise made
        return made

    async def scrub_in_turn(self, steps: Sequence[tuple[str, Path, Path]], limits: Limits) -> list[Cleaned | Unclean]:
        """Do several steps on one file (MIME type, source, target) in one process; return the result of each.

        The first step cleans the file: if it fails, there is no other result. The results of later steps are missing if
        the process ended before them. Such a step may succeed alone, with all the time and memory of `limits`.
        """
        made = tuple(Step(self._index[mime], source.name, target.name) for mime, source, target in steps)
        job = CleaningJob(str(steps[0][1].parent), made, limits, self._weakly, is_urgent=not self._gives_way)
        async with self._slots:
            results = await self._run(job)
            if self._gives_way and any(result.is_starved for result in results):
                results = await self._run(msgspec.structs.replace(job, is_urgent=True))
        return [_outcome(result) for result in results or [CleaningResult(reason="crashed")]]

    async def _run(self, job: CleaningJob) -> list[CleaningResult]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)  # noqa: FBT003 - positional in the standard library
            try:
                self._send(msgspec.json.encode(job), theirs)
                theirs.close()
                async with asyncio.timeout(job.limits.wall_seconds * len(job.steps) + GRACE):
                    reply = await asyncio.get_running_loop().sock_recv(ours, MAX_MESSAGE)
                return _RESULTS.decode_lines(reply)
            except (OSError, TimeoutError, *DECODING_ERRORS):
                return []

    def _send(self, message: bytes, reply: socket.socket) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._start()
        if self._jobs is not None:
            socket.send_fds(self._jobs, [len(message).to_bytes(LENGTH_BYTES) + message], [reply.fileno()])

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Started in the event loop's thread: "die with the parent" refers to the thread that started the process.
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", "-m", "satark_files.sandbox.fork_server", str(theirs.fileno())],
                env={}, pass_fds=[theirs.fileno()], close_fds=True, cwd="/", process_group=0,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        scrubbers = pickle.dumps(self._scrubbers)
        ours.sendall(len(scrubbers).to_bytes(LENGTH_BYTES) + scrubbers)
        self._jobs = ours

    def _stop(self) -> None:
        if self._jobs is not None:
            self._jobs.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)
            self._process.kill()
            self._process.wait()
        self._jobs = self._process = None


def _outcome(result: CleaningResult) -> Cleaned | Unclean:
    if result.reason is not None:
        return Unclean(result.reason)
    return Cleaned(result.mime, readable=result.readable, left_out=result.left_out)
