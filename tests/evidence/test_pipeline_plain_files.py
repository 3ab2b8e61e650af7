"""Plain files while the pipeline works, and the remains of killed processes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from satark.store.workspace import remove_abandoned_folders
from satark_files.file_store import FolderStore
from support.evidence.markers import MARKER_BYTES
from support.evidence.pipeline_driver import PipelineDriver, chunks


async def test_plain_files_never_leave_the_workspace(
    driver: PipelineDriver, make: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen: list[str] = []

    def look() -> None:
        places = [*tmp_path.rglob("*"), *Path("/proc/self/fd").iterdir()]
        for place in places:
            real = place.resolve()
            if real.is_file() and not real.is_relative_to(driver.workspace) and real.stat().st_size < 1_000_000:
                seen.extend([str(real)] * (MARKER_BYTES in real.read_bytes()))

    async def watched(data: bytes) -> AsyncIterator[bytes]:
        async for chunk in chunks(data, 700):
            look()
            yield chunk

    async def watch() -> None:
        while True:
            look()
            await asyncio.sleep(0.002)

    for name in ("jpg", "heic", "mp4", "mp3"):
        data = make(name).read_bytes()
        watching = asyncio.create_task(watch())
        await driver.process(watched(data))
        watching.cancel()
        look()
    assert seen == []
    with (tmp_path / "control").open("wb") as file:
        file.write(MARKER_BYTES)
    look()
    assert seen, "the search finds nothing: the test proves nothing"


KILLED = """
import asyncio, os, sys
from pathlib import Path
from satark.evidence import pipeline
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import Limits
from satark.store.workspace import workspace_dir
from satark_files.sandbox.sandbox import Sandbox
from satark_files.file_store import FolderStore
from satark.store.workspace import remove_abandoned_folders

async def stream():
    yield open(sys.argv[1], "rb").read()
    if sys.argv[3] == "stream":
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), 9)

async def main():
    data = Path(sys.argv[2])
    async with Sandbox(builtin_scrubbers()) as sandbox:
        if sys.argv[3] == "scrub":
            sandbox.scrub_in_turn = lambda *a: os.kill(os.getpid(), 9)
        await pipeline.process_file(stream(), recipient=sys.argv[4], name="1", declared_mime="",
            store=FolderStore(data / "evidence" / "tip"), limits=Limits(), sandbox=sandbox,
            workspace=workspace_dir(data))
asyncio.run(main())
"""


@pytest.mark.parametrize("point", ["stream", "scrub"])
async def test_the_remains_of_a_killed_process_are_removed(
    point: str, driver: PipelineDriver, make: Callable[[str], Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(make("jpg")), str(tmp_path), point, driver.recipient]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert driver.files == ["1.original.age.part"]
    assert [path.name for path in driver.workspace.rglob("original")] == ["original"]
    remove_abandoned_folders(driver.workspace)
    FolderStore(tmp_path / "evidence").remove_abandoned()
    assert list(driver.workspace.iterdir()) == []
    assert driver.files == []


async def test_files_in_use_are_not_removed(driver: PipelineDriver) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"one"
        await driver.wait_until_writing()
        remove_abandoned_folders(driver.workspace)
        driver.store.remove_abandoned()
        yield b" two"

    file = await driver.process(stream())
    assert driver.original(file.sha256) == b"one two"
