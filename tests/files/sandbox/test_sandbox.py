"""A scrubber that a hostile file has taken over can do nothing, and no result of it passes for a clean copy."""

import signal
from pathlib import Path

import msgspec
import pytest

from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Unclean
from support.evidence.hostile import HostileScrubber, attack

pytestmark = pytest.mark.slow("the sandbox")


async def test_a_scrubber_works(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "copy text", limits) == "text"


@pytest.mark.parametrize("text", ["crash", "raise secret", "no-such-attack"])
async def test_a_crash_is_a_reason_and_the_next_file_is_cleaned(
    text: str, hostile: Sandbox, folder: Path, limits: Limits
) -> None:
    with pytest.raises(Unclean, match="crashed"):
        await attack(hostile, folder, text, limits)
    assert await attack(hostile, folder, "copy text", limits) == "text"


async def test_processor_time_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="crashed"):
        await attack(hostile, folder, "spin", msgspec.structs.replace(limits, cpu_seconds=1))


async def test_a_small_file_that_is_no_recording_has_less_processor_time(
    hostile: Sandbox, folder: Path, limits: Limits
) -> None:
    with pytest.raises(Unclean, match="crashed"):
        await attack(hostile, folder, "spin", msgspec.structs.replace(limits, small_cpu_seconds=1))


async def in_turn(sandbox: Sandbox, folder: Path, limits: Limits, *texts: str) -> list[str]:
    """Run attacks as the steps of one job; return the type or reason of each that ended."""
    for number, text in enumerate(texts):
        (folder / f"source{number}").write_text(text)
    steps = [("text/plain", folder / f"source{number}", folder / f"target{number}") for number in range(len(texts))]
    return [str(made) for made in await sandbox.scrub_in_turn(steps, limits)]


@pytest.mark.parametrize(
    ("second", "results"),
    [
        ("raise secret", ["text/plain", "crashed", "text/plain"]),
        ("crash", ["text/plain"]),
        ("hang", ["text/plain", "too-slow"]),
    ],
)
async def test_the_result_of_the_first_step_stays_if_a_later_one_fails(
    second: str, results: list[str], hostile: Sandbox, folder: Path, limits: Limits
) -> None:
    quick = msgspec.structs.replace(limits, wall_seconds=1 if second == "hang" else limits.wall_seconds)
    assert await in_turn(hostile, folder, quick, "copy one", second, "copy three") == results
    assert (folder / "target0").read_text() == "one"


async def test_no_other_step_is_done_if_the_first_fails(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await in_turn(hostile, folder, limits, "raise secret", "copy two") == ["crashed"]
    assert not (folder / "target1").exists()


async def test_the_fork_server_is_restarted_when_it_dies(folder: Path, limits: Limits) -> None:
    async with Sandbox([HostileScrubber()]) as sandbox:
        assert await attack(sandbox, folder, "copy one", limits) == "one"
        assert sandbox._process is not None
        sandbox._process.send_signal(signal.SIGKILL)
        sandbox._process.wait()
        assert await attack(sandbox, folder, "copy two", limits) == "two"


async def test_the_first_scrubber_of_a_type_is_used(folder: Path, limits: Limits) -> None:
    class Never(HostileScrubber):
        pass

    sandbox = Sandbox([HostileScrubber(), Never()])
    assert sandbox._index["text/plain"] == 0
    assert not sandbox.cleans("image/jpeg")
