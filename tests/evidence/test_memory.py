"""A film as large as WhatsApp carries is taken in without ever being in the worker's memory."""

import re
from pathlib import Path

from satark.evidence.sandbox.sandbox import Sandbox
from satark.limits import MB
from satark.testing.evidence.bench import sample, take

STATUS = Path("/proc/self/status")


def memory(what: str) -> int:
    """Bytes of this process: `VmRSS` now, `VmHWM` at most since it was reset."""
    found = re.search(rf"{what}:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found[1]) * 1024


def forget_the_highest() -> None:
    """Begin `VmHWM` anew: proc(5)."""
    Path("/proc/self/clear_refs").write_text("5")


async def test_memory_stays_flat(tmp_path: Path, sandbox: Sandbox) -> None:
    await take(sample("photo.jpg", tmp_path), tmp_path, sandbox)
    film = sample("film.mp4", tmp_path)
    assert film.stat().st_size > 15 * MB
    forget_the_highest()
    before = memory("VmRSS")
    await take(film, tmp_path, sandbox)
    assert memory("VmHWM") - before < 8 * MB
