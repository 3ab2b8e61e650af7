"""A scrubber that a hostile file has taken over is isolated: no memory, file, network or process but its own."""

import os
import socket
import sys
from pathlib import Path

import pytest

from satark.store.workspace import temporary_folder
from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Unclean
from support.evidence.hostile import HostileScrubber, attack

pytestmark = pytest.mark.slow("the sandbox")


async def test_memory_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "memory", limits) == "refused"


async def test_file_size_is_limited(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert int(await attack(hostile, folder, "disk", limits)) <= 2 * limits.file_bytes


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


async def test_there_is_no_network(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await attack(hostile, folder, f"connect {port}", limits) == "refused"


@pytest.mark.parametrize("cause", ["build_filter", "leave_network", "isolate_children", "restrict_files"])
async def test_nothing_is_opened_where_isolation_is_forbidden(
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
