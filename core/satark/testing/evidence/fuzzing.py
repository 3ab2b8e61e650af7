"""Hostile files by the thousand: specimens damaged at random, taken in as a worker takes them in.

Whatever comes, the worker goes on, nothing takes longer than its limit, every original opens as it came, nothing lies
in plain afterwards, and the file of another tip that comes in meanwhile is cleaned as ever.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from satark.evidence.pipeline import ProcessedFile, process_file
from satark.evidence.sandbox.sandbox import GRACE, Sandbox
from satark.evidence.scrubbers import builtin_scrubbers
from satark.identity.sealing import new_identity
from satark.limits import MB, Limits
from satark.store.sealed_files import erase, open_sealed, original_path
from satark.store.workspace import workspace_dir
from satark.testing.evidence.documents import DOCUMENTS
from satark.testing.evidence.specimens import PICTURES, RECORDINGS, specimen

LIMITS = Limits(file_bytes=5 * MB, pixels=4 * MB, seconds=600, cpu_seconds=10, wall_seconds=15, memory_bytes=1_000 * MB)
CONTROL_EVERY = 50
"""Files between two that are sound, from another tip."""
_PIECE = 40_000
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\x7f")


class Report(msgspec.Struct):
    """What came of a run."""

    files: int = 0
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    """Clean copies under `clean`; everything else under its reason."""
    faults: list[str] = msgspec.field(default_factory=list)
    """What must never happen, and the number of the file that it happened with."""
    slowest: float = 0.0
    seconds: float = 0.0
    worker_bytes: int = 0
    """Most memory that the worker itself used."""


def damaged(number: int, seed: int, names: list[str], folder: Path) -> bytes:
    """The file of this number: always the same for the same seed and specimens."""
    # Not for secrets: a run must be repeatable.
    chance = random.Random(f"{seed}:{number}")  # noqa: S311
    data = bytearray(specimen(chance.choice(names), folder).read_bytes())
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        chance.choice(_DAMAGES)(chance, data, names, folder)
    return bytes(data[: LIMITS.file_bytes])


async def run(count: int, seed: int, folder: Path, told: Callable[[Report], None] = lambda _: None) -> Report:
    """Take `count` damaged files in, and tell about it after each."""
    (folder / "specimens").mkdir(parents=True, exist_ok=True)
    names = [name for table in (PICTURES, RECORDINGS, DOCUMENTS) for made in table.values() for name in made]
    for name in names:
        specimen(name, folder / "specimens")
    report, began = Report(), time.monotonic()
    workspace = workspace_dir(folder)
    async with Sandbox(builtin_scrubbers()) as sandbox:
        bench = _Bench(sandbox, folder, workspace, report)
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await bench.take(number, damaged(number, seed, names, folder / "specimens"))
                if number % CONTROL_EVERY == 0:
                    await bench.take_sound(number)
                told(report)

        await asyncio.gather(*(work() for _ in range(3)))
    report.faults += [f"left in plain: {path.name}" for path in workspace.rglob("*")]
    report.seconds = time.monotonic() - began
    report.worker_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return report


class _Bench:
    """Takes files in, and looks at what came of each."""

    def __init__(self, sandbox: Sandbox, folder: Path, workspace: Path, report: Report) -> None:
        self._sandbox, self._folder, self._workspace, self._report = sandbox, folder, workspace, report
        self._recipient, self._identity = new_identity()

    async def take(self, number: int, data: bytes) -> None:
        """Take a damaged file in."""
        began = time.monotonic()
        try:
            taken = await self._take_in(f"f{number}", data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self._report.faults.append(f"{number}: {type(error).__name__}")
            return
        took = time.monotonic() - began
        self._report.files += 1
        self._report.outcomes[taken.problem or "clean"] += 1
        self._report.slowest = max(self._report.slowest, took)
        # A file waits for its turn behind others, each as slow as it may be; cleaning and disguising are two turns.
        if took > 4 * (LIMITS.wall_seconds + GRACE):
            self._report.faults.append(f"{number}: took {took:.0f} s")
        opened = await asyncio.to_thread(self._opened, f"f{number}")
        if opened != data or hashlib.sha256(data).hexdigest() != taken.sha256:
            self._report.faults.append(f"{number}: the original is not what was sent")
        erase(self._folder / "sealed", f"f{number}")

    async def take_sound(self, number: int) -> None:
        """Take a sound file of another tip in; it must come out clean."""
        data = specimen("jpg", self._folder / "specimens").read_bytes()
        taken = await self._take_in(f"s{number}", data)
        if taken.problem:
            self._report.faults.append(f"{number}: a sound file was not cleaned ({taken.problem})")
        erase(self._folder / "sealed", f"s{number}")

    async def _take_in(self, name: str, data: bytes) -> ProcessedFile:
        return await process_file(
            _pieces(data),
            recipient=self._recipient,
            folder=self._folder / "sealed",
            name=name,
            declared_mime="",
            limits=LIMITS,
            sandbox=self._sandbox,
            workspace=self._workspace,
        )

    def _opened(self, name: str) -> bytes:
        path = original_path(self._folder / "sealed", name)
        return b"".join(open_sealed(path, self._identity, self._workspace))


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _PIECE):
        yield data[at : at + _PIECE]


def _flip(chance: random.Random, data: bytearray, *_: object) -> None:
    for _number in range(chance.choice((1, 3, 30))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _early_flip(chance: random.Random, data: bytearray, *_: object) -> None:
    for _number in range(chance.choice((1, 3, 10))):
        if data:
            data[chance.randrange(min(len(data), 600))] = chance.randrange(256)


def _cut(chance: random.Random, data: bytearray, *_: object) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _gap(chance: random.Random, data: bytearray, *_: object) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.choice((1, 4, 64, 1000))]


def _repeat(chance: random.Random, data: bytearray, *_: object) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = data[at : at + chance.choice((4, 64, 5000))] * chance.choice((1, 2, 50))


def _extreme(chance: random.Random, data: bytearray, *_: object) -> None:
    at = chance.randrange(len(data) + 1)
    data[at : at + 4] = chance.choice(_EXTREMES)


def _noise(chance: random.Random, data: bytearray, *_: object) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.randbytes(chance.choice((1, 16, 4096)))


def _splice(chance: random.Random, data: bytearray, names: list[str], folder: Path) -> None:
    """Two files in one: the head of one and the body of another, or one after the other."""
    other = specimen(chance.choice(names), folder).read_bytes()
    at = chance.choice((8, 64, len(data) // 2, len(data)))
    data[at:] = other[chance.choice((0, 8, len(other) // 2)) :]


_DAMAGES: tuple[Callable[[random.Random, bytearray, list[str], Path], None], ...] = (
    _flip, _flip, _early_flip, _cut, _gap, _repeat, _extreme, _extreme, _noise, _splice,
)  # fmt: skip
