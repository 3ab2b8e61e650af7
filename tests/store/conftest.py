"""A workspace for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.store.workspace import workspace_dir


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """The workspace of an installation in `tmp_path`, which must be empty after the test."""
    folder = workspace_dir(tmp_path)
    yield folder
    left = list(folder.rglob("*"))
    folder.rmdir()
    assert left == []
