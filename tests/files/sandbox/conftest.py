"""A sandbox whose scrubber a hostile file has taken over, and a folder for one file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from satark.store.workspace import temporary_folder
from satark_files.sandbox.sandbox import Sandbox
from support.evidence.hostile import HostileScrubber


@pytest.fixture(scope="module")
async def hostile() -> AsyncIterator[Sandbox]:
    async with Sandbox([HostileScrubber()]) as running:
        yield running


@pytest.fixture
def folder(workspace: Path) -> Iterator[Path]:
    with temporary_folder(workspace) as private:
        yield private
