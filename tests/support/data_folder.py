"""A separate data folder for each test of a command."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new data folder, in a working directory without a configuration file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp"]')
    return tmp_path / "data"
