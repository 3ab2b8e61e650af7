"""Fixtures: specimens that are made once per run, one sandbox per module, and limits low enough to be reached."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from satark.store.workspace import workspace_dir
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import MB, Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_testing.waiting import LIMIT_SECONDS
from support.evidence.pipeline_driver import PipelineDriver
from support.evidence.specimens import specimen


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make a specimen by name, once per run."""
    folder = tmp_path_factory.mktemp("specimens")
    return lambda name: specimen(name, folder)


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(file_bytes=5 * MB, pixels=2 * MB, seconds=60, cpu_seconds=10, wall_seconds=LIMIT_SECONDS)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """The workspace of an installation in `tmp_path`. It must be empty after the test."""
    folder = workspace_dir(tmp_path)
    yield folder
    left = list(folder.rglob("*"))
    folder.rmdir()
    assert left == []


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(builtin_scrubbers()) as running:
        yield running


@pytest.fixture
def driver(tmp_path: Path, sandbox: Sandbox, workspace: Path, limits: Limits) -> PipelineDriver:
    return PipelineDriver(tmp_path / "evidence" / "tip", sandbox, workspace, limits)
