"""A scrubber that a hostile file has taken over is isolated: it has only its own memory, files and processes."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from satark.store.workspace import temporary_folder
from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Unclean
from satark_testing.waiting import until
from support.evidence.hostile import HostileScrubber, attack, namespaces

pytestmark = pytest.mark.slow("the sandbox")


async def test_memory_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "memory", limits) == "refused"


async def test_file_size_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert int(await attack(hostile, folder, "disk", limits)) <= 2 * limits.file_bytes


@pytest.mark.parametrize("each", [0, 1_000_000], ids=["many files", "large files"])
async def test_the_sum_of_written_bytes_is_limited_and_no_byte_remains(
    hostile: Sandbox, folder: Path, limits: Limits, each: int
) -> None:
    few = msgspec.structs.replace(limits, files=50)
    files, size = map(int, (await attack(hostile, folder, f"write-much {each}", few)).split())
    assert (0 < files <= 50, size <= few.space_bytes) == (True, True)
    assert {*os.listdir(folder)} <= {"original", "clean"}  # noqa: PTH208 - a few names


async def test_the_original_can_not_be_changed(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "change", limits) == "refused"
    assert (folder / "original").read_text() == "change"


async def test_each_file_is_opened_in_namespaces_of_its_own(hostile: Sandbox, workspace: Path, limits: Limits) -> None:
    """Landlock and seccomp refuse a connection too, so that one refusal does not show that all three hold."""
    one, other = await until(lambda: opened_at_once(hostile, workspace, limits))
    assert not {*one, *other} & {*namespaces()}
    own = [a != b for a, b in zip(one, other, strict=True)]
    assert own == [True, False, False, True, True], "of the fork server: net, ipc"


async def opened_at_once(hostile: Sandbox, workspace: Path, limits: Limits) -> list[list[str]]:
    """Open two files; return the namespaces of each, or nothing if they were not open at the same time.

    Linux gives the number of a namespace that ended to the next one.
    """
    with temporary_folder(workspace) as first, temporary_folder(workspace) as second:
        both = (attack(hostile, folder, "namespaces", limits) for folder in (first, second))
        (began, ended, *one), (also_began, also_ended, *other) = (seen.split() for seen in await asyncio.gather(*both))
    return [one, other] if max(float(began), float(also_began)) < min(float(ended), float(also_ended)) else []


FORKS = """
import os, signal, tempfile
from pathlib import Path
from satark_files.limits import Limits
from satark_files.sandbox import isolation
if os.getuid() == 0:  # whose processes the kernel does not count
    os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
isolation.isolate_children()
assert isolation.limit_space(Path(tempfile.gettempdir()), (), Limits(processes=20)) is not None
count = 0
if os.fork() == 0:
    try:
        while count < 300:
            if os.fork() == 0:
                signal.pause()
            count += 1
    except BlockingIOError:
        pass
    print(count, flush=True)
    os._exit(0)
os.wait()
"""


def test_a_program_can_not_fork_without_end() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", FORKS], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) <= 20 + 4 * (os.cpu_count() or 1)


async def test_a_cleaning_process_is_ended_first_if_memory_is_short(hostile: Sandbox) -> None:
    assert hostile._process is not None
    assert await asyncio.to_thread(Path(f"/proc/{hostile._process.pid}/oom_score_adj").read_text) == "1000\n"


async def test_other_files_are_out_of_reach(hostile: Sandbox, folder: Path, limits: Limits, tmp_path: Path) -> None:
    secret = tmp_path / "edge.key"
    secret.write_text("secret")
    with temporary_folder(folder.parent) as another_tip:
        (another_tip / "original").write_text("another tip's")
        assert await attack(hostile, folder, f"read {secret}", limits) == "refused"
        assert await attack(hostile, folder, f"read {another_tip / 'original'}", limits) == "refused"
        assert await attack(hostile, folder, f"write {another_tip / 'original'}", limits) == "refused"
    assert await attack(hostile, folder, f"write {tmp_path / 'new'}", limits) == "refused"
    assert await attack(hostile, folder, "read /etc/passwd", limits) == "refused"


async def test_a_cleaning_process_has_no_network(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await attack(hostile, folder, f"connect {port}", limits) == "refused"


@pytest.mark.parametrize(
    "cause", ["build_filter", "leave_network", "isolate_children", "limit_space", "restrict_files"]
)
async def test_no_file_is_opened_if_isolation_is_forbidden(
    cause: str, folder: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The fork server runs with a `sitecustomize` that plays a system which forbids one part of the isolation."""
    python = forbidding_python(tmp_path, cause)
    monkeypatch.setattr("satark_files.sandbox.sandbox.sys.executable", str(python))
    async with Sandbox([HostileScrubber()]) as closed:
        with pytest.raises(Unclean, match="not-isolated"):
            await attack(closed, folder, "copy text", limits)
    async with Sandbox([HostileScrubber()], allow_weak_isolation=True) as weak:
        assert await attack(weak, folder, "copy text", limits) == "text"


def forbidding_python(folder: Path, cause: str) -> Path:
    """Write a Python whose isolation lacks a part; return its path."""
    module = "fork_server" if cause == "build_filter" else "isolation"
    result = None if cause in {"build_filter", "limit_space"} else False
    script = (
        f"import runpy, sys\n"
        f"import satark_files.sandbox.{module} as module\n"
        f"module.{cause} = lambda *_: {result}\n"
        f"import satark_files.sandbox.fork_server as server\n"
        f"sys.argv = ['server', sys.argv[-1]]\n"
        f"server.main()\n"
    )
    (folder / "server.py").write_text(script)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -I {folder}/server.py "$@"\n')
    python.chmod(0o700)
    return python


async def test_other_processes_are_out_of_reach(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, f"kill {os.getpid()}", limits) == "refused"
