"""The largest video that WhatsApp carries is processed without being in the worker's memory at once."""

import re
from pathlib import Path

from satark_files.limits import MB
from satark_files.sandbox.sandbox import Sandbox
from support.evidence.bench import process, sample

STATUS = Path("/proc/self/status")


def memory(what: str) -> int:
    """Return bytes of this process: `VmRSS` now, `VmHWM` the most since it was reset."""
    found = re.search(rf"{what}:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found[1]) * 1024


def reset_peak() -> None:
    """Reset `VmHWM`: proc(5)."""
    Path("/proc/self/clear_refs").write_text("5")


async def test_the_workers_memory_stays_flat_for_the_largest_video(tmp_path: Path, sandbox: Sandbox) -> None:
    await process(sample("photo.jpg", tmp_path), tmp_path, sandbox)
    video = sample("video.mp4", tmp_path)
    assert video.stat().st_size > 15 * MB
    reset_peak()
    before = memory("VmRSS")
    await process(video, tmp_path, sandbox)
    assert memory("VmHWM") - before < 8 * MB
