"""What a scrubber that a hostile file has taken over can do: nothing, and no result of it passes for a clean copy."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from satark.store.workspace import temporary_folder
from satark_files.limits import Limits
from satark_files.sandbox.fork_server import NICENESS
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Unclean
from support.evidence.hostile import HostileScrubber

pytestmark = pytest.mark.slow("the sandbox")


@pytest.fixture(scope="module")
async def hostile() -> AsyncIterator[Sandbox]:
    async with Sandbox([HostileScrubber()]) as running:
        yield running


@pytest.fixture
def folder(workspace: Path) -> Iterator[Path]:
    with temporary_folder(workspace) as private:
        yield private


async def attack(sandbox: Sandbox, folder: Path, text: str, limits: Limits) -> str:
    source, target = folder / "original", folder / "clean"
    source.write_text(text)
    assert await sandbox.scrub("text/plain", source, target, limits) == "text/plain"
    return target.read_text()


async def test_a_scrubber_works(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "copy text", limits) == "text"


@pytest.mark.parametrize("text", ["crash", "raise secret", "no-such-attack"])
async def test_a_crash_is_a_reason_and_the_next_file_is_cleaned(
    text: str, hostile: Sandbox, folder: Path, limits: Limits
) -> None:
    with pytest.raises(Unclean, match="crashed"):
        await attack(hostile, folder, text, limits)
    assert await attack(hostile, folder, "copy text", limits) == "text"


async def test_a_scrubber_that_crashes_leaves_no_core_dump(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "dump", limits) == "0 0"


@pytest.mark.parametrize(("gives_way", "policy"), [(True, os.SCHED_IDLE), (False, os.SCHED_OTHER)])
async def test_cleaning_gives_way_to_the_processes_that_answer(
    folder: Path, limits: Limits, *, gives_way: bool, policy: int
) -> None:
    async with Sandbox([HostileScrubber()], gives_way=gives_way) as sandbox:
        niceness, found, session = map(int, (await attack(sandbox, folder, "priority", limits)).split())
        assert niceness >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        assert found == policy
        assert session == 0  # one from outside: a session of its own would get as much as all of Satark (sched(7))
        assert sandbox._process is not None
        assert os.getsid(sandbox._process.pid) == os.getsid(0)


async def test_a_file_that_no_processor_was_free_for_is_cleaned_before_others(folder: Path, limits: Limits) -> None:
    short = msgspec.structs.replace(limits, wall_seconds=0.5)
    async with Sandbox([HostileScrubber()], gives_way=True) as sandbox:
        assert await attack(sandbox, folder, "starve text", short) == "text"


async def test_a_hang_is_ended(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="too-slow"):
        await attack(hostile, folder, "hang", msgspec.structs.replace(limits, wall_seconds=0.2))


async def test_processor_time_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="crashed"):
        await attack(hostile, folder, "spin", msgspec.structs.replace(limits, cpu_seconds=1))


async def test_a_hang_does_not_hold_up_another_file(hostile: Sandbox, workspace: Path, limits: Limits) -> None:
    with temporary_folder(workspace) as one, temporary_folder(workspace) as other:
        slow = asyncio.create_task(attack(hostile, one, "hang", msgspec.structs.replace(limits, wall_seconds=2)))
        await asyncio.sleep(0)
        assert await attack(hostile, other, "copy text", limits) == "text"
        assert not slow.done()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow


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
async def test_a_later_step_that_fails_leaves_the_first_its_result(
    second: str, results: list[str], hostile: Sandbox, folder: Path, limits: Limits
) -> None:
    quick = msgspec.structs.replace(limits, wall_seconds=1 if second == "hang" else limits.wall_seconds)
    assert await in_turn(hostile, folder, quick, "copy one", second, "copy three") == results
    assert (folder / "target0").read_text() == "one"


async def test_if_the_first_step_fails_there_is_no_other(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await in_turn(hostile, folder, limits, "raise secret", "copy two") == ["crashed"]
    assert not (folder / "target1").exists()


async def test_memory_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "memory", limits) == "refused"


async def test_file_size_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert int(await attack(hostile, folder, "disk", limits)) <= 2 * limits.file_bytes


async def test_the_environment_is_empty(folder: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_WHATSAPP__APP_SECRET", "hush")
    async with Sandbox([HostileScrubber()]) as fresh:
        assert "hush" not in await attack(fresh, folder, "environment", limits)


async def test_other_files_are_out_of_sight(hostile: Sandbox, folder: Path, limits: Limits, tmp_path: Path) -> None:
    secret = tmp_path / "edge.key"
    secret.write_text("secret")
    with temporary_folder(folder.parent) as another_tip:
        (another_tip / "original").write_text("another tip's")
        assert await attack(hostile, folder, f"read {secret}", limits) == "refused"
        assert await attack(hostile, folder, f"read {another_tip / 'original'}", limits) == "refused"
        assert await attack(hostile, folder, f"write {another_tip / 'original'}", limits) == "refused"
    assert await attack(hostile, folder, f"write {tmp_path / 'new'}", limits) == "refused"
    assert await attack(hostile, folder, "read /etc/passwd", limits) == "refused"


async def test_there_is_no_network(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await attack(hostile, folder, f"connect {port}", limits) == "refused"


async def test_a_socket_can_not_even_be_made(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "socket", limits) == str(errno.ENOSYS)


async def test_a_namespace_can_not_be_made(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "new-namespace", limits) == str(errno.ENOSYS)


# asm-generic/unistd.h and, below 400, x86's: the numbers differ by architecture
DANGEROUS = {
    "io_uring_setup": 425, "io_uring_enter": 426, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438,
    "process_madvise": 440, "landlock_create_ruleset": 444, "a call of later kernels": 499,
}  # fmt: skip
DANGEROUS_ON_X86 = {
    "socket": 41, "connect": 42, "socketpair": 53, "ptrace": 101, "syslog": 103, "personality": 135, "pivot_root": 155,
    "chroot": 161, "mount": 165, "umount2": 166, "reboot": 169, "init_module": 175, "add_key": 248, "request_key": 249,
    "keyctl": 250, "unshare": 272, "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "seccomp": 317, "memfd_create": 319, "bpf": 321,
    "execveat": 322, "userfaultfd": 323,
}  # fmt: skip
NUMBERS = DANGEROUS | (DANGEROUS_ON_X86 if os.uname().machine == "x86_64" else {})


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
async def test_dangerous_calls_do_not_exist(hostile: Sandbox, folder: Path, limits: Limits, number: int) -> None:
    assert await attack(hostile, folder, f"call {number}", limits) == str(errno.ENOSYS)


@pytest.mark.parametrize("cause", ["build_filter", "leave_network", "isolate_children", "restrict_files"])
async def test_where_isolation_is_forbidden_nothing_is_opened(
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
    result = None if cause == "build_filter" else False
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


async def test_processes_that_a_scrubber_starts_end_with_it(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="too-slow"):
        await attack(hostile, folder, "leave", msgspec.structs.replace(limits, wall_seconds=0.3))
    await asyncio.sleep(3.5)
    assert not (folder / "clean").exists()


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
