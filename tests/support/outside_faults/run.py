"""Causes each fault; takes the time until it is told, until its end is told, and until a citizen is answered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from support.outside_faults import page
from support.outside_faults.installation import FaultyInstallation, running_stage
from support.outside_faults.rows import DATABASE, MACHINE, OFFICE, PEERS, PROCESSES, Row

TOLD_WITHIN: Final = 60.0
"""Seconds within which the operator must be told of a fault."""
PATIENCE: Final = 300.0
"""Seconds after which a fault counts as silent, or as one that never ends."""
_LOOK: Final = 0.2
_DISK_BYTES: Final = 64_000_000
_HEARTBEAT: Final = "heartbeat:"


class Seen(NamedTuple):
    """What was seen of a fault; a time is None where it never came."""

    row: Row
    reported: float | None
    over: float | None
    works: float | None
    line: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was told in time, healed by itself, and its end was told."""
        return (
            self.reported is not None
            and self.reported <= TOLD_WITHIN
            and self.over is not None
            and self.works is not None
        )

    def __str__(self) -> str:
        times = (f"{'-' if one is None else round(one):>4}" for one in (self.reported, self.over, self.works))
        result = "ok  " if self.is_good else "FAIL"
        return f"{result}{''.join(times)}  {self.row.code:26} {self.row.what}: {self.line[:200]}\n"


async def strike(target: FaultyInstallation, row: Row) -> Seen:
    """Cause one fault, end it once it was told, and wait until its end was told and a citizen is answered."""
    operator, since = target.operator, len(target.operator.reports)
    role = row.code.removeprefix(_HEARTBEAT)
    await _until(lambda: role == row.code or not operator.is_silent(role), 0.0)
    began = time.monotonic()
    try:
        async with row.induce(target):
            if row.code.startswith(_HEARTBEAT):
                reported = await _until(lambda: operator.is_silent(role), began)
            else:
                reported = await _until(lambda: operator.began(row.code, since), began)
    except Exception as error:  # noqa: BLE001 - the others are tried
        return Seen(row, None, None, None, f"can't be caused: {error!r}")
    line = next((one.line for one in operator.reports[since:] if one.line.startswith(f"{row.code}:")), "")
    ended = time.monotonic()
    if reported is None:
        line = "; ".join(sorted({one.line.partition(":")[0] + f" by {one.role}" for one in operator.reports[since:]}))
        over = None
    elif row.code.startswith(_HEARTBEAT):
        over = await _until(lambda: not operator.is_silent(role), ended)
    else:
        over = await _until(lambda: operator.began(row.code, since) <= operator.ended(row.code, since), ended)
    return Seen(row, reported, over, await _until(target.works, ended), line)


async def _until(condition: Callable[[], object], began: float) -> float | None:
    """Return after how many seconds a condition came true; None: it did not in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return time.monotonic() - began
        await asyncio.sleep(_LOOK)
    return None


async def strike_all(target: FaultyInstallation, rows: Iterable[Row], show: Callable[[Seen], None]) -> list[Seen]:
    """Cause these faults one after the other."""
    found = []
    for row in rows:
        found.append(await strike(target, row))
        show(found[-1])
    return found


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[None]:
    """Let a folder be a disk of its own."""
    mount(folder)
    try:
        yield
    finally:
        await asyncio.to_thread(subprocess.run, ["/usr/bin/umount", "--lazy", str(folder)], check=True)


def mount(folder: Path) -> None:
    """Make a disk in memory."""
    folder.mkdir(parents=True)
    options = f"size={_DISK_BYTES},mode=700"
    subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def selected(rows: Sequence[Row], words: Sequence[str]) -> list[Row]:
    """Return the rows that contain one of these words; none: all."""
    return [row for row in rows if not words or any(word in f"{row.code} {row.what}" for word in words)]


async def run(folder: Path, words: Sequence[str], show: Callable[[Seen], None]) -> list[Seen]:
    """Strike five installations at once: in their databases, machines, processes, peers, and in a remote office."""

    async def strike_one(name: str, rows: Sequence[Row], *peers: str) -> list[Seen]:
        async with running_stage(folder / name, peers=peers) as target:
            return await strike_all(target, rows, show)

    async def strike_machine(rows: Sequence[Row]) -> list[Seen]:
        async with small_disk(folder / "machine" / "data"):
            return await strike_one("machine", rows)

    async def strike_peers(lanes: Mapping[str, Sequence[Row]]) -> list[Seen]:
        async with running_stage(folder / "peers", peers=[*lanes]) as target:
            done = await asyncio.gather(*(strike_all(target, rows, show) for rows in lanes.values()))
            return [one for many in done for one in many]

    works = [
        *([strike_one("database", rows)] if (rows := selected(DATABASE, words)) else []),
        *([strike_machine(rows)] if (rows := selected(MACHINE, words)) else []),
        *([strike_one("processes", rows)] if (rows := selected(PROCESSES, words)) else []),
        *([strike_one("office", rows, "office")] if (rows := selected(OFFICE, words)) else []),
    ]
    if lanes := {name: rows for name, many in PEERS.items() if (rows := selected(many, words))}:
        works.append(strike_peers(lanes))
    return [one for many in await asyncio.gather(*works) for one in many]


def show(seen: Seen) -> None:
    """Print what was seen at once."""
    sys.stdout.write(str(seen))
    sys.stdout.flush()


def main() -> int:
    """Run the rows that are named, or all; return 1 if one is not told, does not heal or is never over."""
    with TemporaryDirectory(prefix="satark-faults-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        found = asyncio.run(run(Path(folder), sys.argv[1:], show))
    good = sum(one.is_good for one in found)
    page.note({one.row: (one.reported or 0.0, one.over or 0.0, one.works or 0.0) for one in found if one.is_good})
    sys.stdout.write(f"{good} of {len(found)} faults: told within {TOLD_WITHIN:.0f} s, healed, over\n")
    return int(good < len(found))


if __name__ == "__main__":
    sys.exit(main())
