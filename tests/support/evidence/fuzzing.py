"""Fuzzes the evidence pipeline with randomly damaged specimens.

Whatever the file, the worker continues, no file takes longer than its limit, every original opens as received, no plain
file is left, and the file of another tip that is processed at the same time is cleaned as usual.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from satark.api.sealing import new_identity
from satark.evidence.pipeline import ProcessedFile, process_file
from satark.store.sealed_files import erase, open_sealed, stored_form
from satark.store.workspace import workspace_dir
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.file_store import FolderStore
from satark_files.limits import MB, Limits
from satark_files.sandbox.sandbox import GRACE, Sandbox
from support.evidence.specimens import specimen, specimen_names
from support.evidence.unusual import UNUSUAL

LIMITS = Limits(file_bytes=5 * MB, pixels=4 * MB, seconds=600, cpu_seconds=10, wall_seconds=15, memory_bytes=1_000 * MB)
CONTROL_EVERY = 50
"""Number of damaged files between two undamaged files of another tip."""
_CHUNK = 40_000
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\x7f")


class Report(msgspec.Struct):
    """The results of a run."""

    files: int = 0
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    """Number of files by outcome: `clean`, or the reason why there is no clean copy."""
    faults: list[str] = msgspec.field(default_factory=list)
    """Violations of the requirements, each with the number of its file."""
    slowest: float = 0.0
    seconds: float = 0.0
    worker_bytes: int = 0
    """Peak memory of the worker itself."""


def damaged(number: int, seed: int, names: list[str], folder: Path) -> bytes:
    """Return the damaged file with this number. The same seed and specimens give the same file."""
    # Not for secrets: a run must be reproducible.
    rng = random.Random(f"{seed}:{number}")
    data = bytearray(specimen(rng.choice(names), folder).read_bytes())
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        rng.choice(_DAMAGES)(rng, data, names, folder)
    return bytes(data[: LIMITS.file_bytes])


async def run(
    count: int | None,
    seed: int,
    folder: Path,
    progress: Callable[[Report], None] = lambda _: None,
    *,
    seconds: float = math.inf,
) -> Report:
    """Process `count` damaged files (None: any number) in at most so many seconds; call `progress` after each."""
    (folder / "specimens").mkdir(parents=True, exist_ok=True)
    names = [*specimen_names(), *specimen_names(UNUSUAL)]
    for name in names:
        specimen(name, folder / "specimens")
    report, began = Report(), time.monotonic()
    workspace = workspace_dir(folder)
    async with Sandbox(builtin_scrubbers()) as sandbox:
        checker = _Checker(sandbox, folder, workspace, report)
        numbers = itertools.count() if count is None else iter(range(count))

        async def work() -> None:
            for number in numbers:
                if time.monotonic() - began >= seconds:
                    return
                await checker.process(number, damaged(number, seed, names, folder / "specimens"))
                if number % CONTROL_EVERY == 0:
                    await checker.process_undamaged(number)
                progress(report)

        await asyncio.gather(*(work() for _ in range(3)))
    report.faults += [f"plain file left: {path.name}" for path in workspace.rglob("*")]
    report.seconds = time.monotonic() - began
    report.worker_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return report


class _Checker:
    """Processes files, and checks the result of each."""

    def __init__(self, sandbox: Sandbox, folder: Path, workspace: Path, report: Report) -> None:
        self._sandbox, self._folder, self._workspace, self._report = sandbox, folder, workspace, report
        self._recipient, self._identity = new_identity()
        self._store = FolderStore(folder / "sealed")

    async def process(self, number: int, data: bytes) -> None:
        """Process a damaged file, and record every fault."""
        began = time.monotonic()
        try:
            file = await self._process(f"f{number}", data)
        except Exception as error:  # noqa: BLE001 - any exception is a fault
            self._report.faults.append(f"{number}: {type(error).__name__}")
            return
        took = time.monotonic() - began
        self._report.files += 1
        self._report.outcomes[file.problem or "clean"] += 1
        self._report.slowest = max(self._report.slowest, took)
        # A file can wait behind others that take their full time; cleaning and disguising are two jobs.
        if took > 4 * (LIMITS.wall_seconds + GRACE):
            self._report.faults.append(f"{number}: took {took:.0f} s")
        opened = await asyncio.to_thread(self._opened, f"f{number}")
        if opened != data or hashlib.sha256(data).hexdigest() != file.sha256:
            self._report.faults.append(f"{number}: the original differs from what was sent")
        erase(self._store, [f"f{number}"])

    async def process_undamaged(self, number: int) -> None:
        """Process an undamaged file of another tip; it must be cleaned."""
        data = specimen("jpg", self._folder / "specimens").read_bytes()
        file = await self._process(f"s{number}", data)
        if file.problem:
            self._report.faults.append(f"{number}: an undamaged file was not cleaned ({file.problem})")
        erase(self._store, [f"s{number}"])

    async def _process(self, name: str, data: bytes) -> ProcessedFile:
        return await process_file(
            _chunks(data),
            recipient=self._recipient,
            store=self._store,
            name=name,
            declared_mime="",
            limits=LIMITS,
            sandbox=self._sandbox,
            workspace=self._workspace,
        )

    def _opened(self, name: str) -> bytes:
        path = stored_form(self._store, name, "original")
        return b"".join(open_sealed(path, self._identity, self._workspace))


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield data[at : at + _CHUNK]


def _flip(rng: random.Random, data: bytearray, *_: object) -> None:
    for _number in range(rng.choice((1, 3, 30))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _early_flip(rng: random.Random, data: bytearray, *_: object) -> None:
    for _number in range(rng.choice((1, 3, 10))):
        if data:
            data[rng.randrange(min(len(data), 600))] = rng.randrange(256)


def _cut(rng: random.Random, data: bytearray, *_: object) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _gap(rng: random.Random, data: bytearray, *_: object) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 4, 64, 1000))]


def _repeat(rng: random.Random, data: bytearray, *_: object) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((4, 64, 5000))] * rng.choice((1, 2, 50))


def _extreme(rng: random.Random, data: bytearray, *_: object) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + 4] = rng.choice(_EXTREMES)


def _noise(rng: random.Random, data: bytearray, *_: object) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 16, 4096)))


def _splice(rng: random.Random, data: bytearray, names: list[str], folder: Path) -> None:
    """Join two files: the start of one and the end of another, or one after the other."""
    other = specimen(rng.choice(names), folder).read_bytes()
    at = rng.choice((8, 64, len(data) // 2, len(data)))
    data[at:] = other[rng.choice((0, 8, len(other) // 2)) :]


_DAMAGES: tuple[Callable[[random.Random, bytearray, list[str], Path], None], ...] = (
    _flip, _flip, _early_flip, _cut, _gap, _repeat, _extreme, _extreme, _noise, _splice,
)  # fmt: skip
