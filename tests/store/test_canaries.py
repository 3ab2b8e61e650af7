"""Key files other than those that wrote the data are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.settings import SettingsError
from satark.runtime import compose
from satark.settings.settings import Settings
from support.working_host import epoch_host_on


@pytest.mark.slow("several starts")
async def test_without_the_epoch_keys_a_start_is_refused_until_the_drafts_are_given_up(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "JOIN_SECONDS", 0.0)
    async with epoch_host_on(databases, tmp_path) as place:
        await place.tipster("9140112233").say("Hi", "English")
    Settings(data_dir=tmp_path).epoch_key_file.unlink()
    with pytest.raises(SettingsError, match="forget-drafts"):
        async with epoch_host_on(databases, tmp_path):
            pass


@pytest.mark.slow("several starts")
async def test_another_edge_key_is_refused(databases: Any, tmp_path: Path) -> None:
    async with epoch_host_on(databases, tmp_path):
        pass
    (tmp_path / "edge.key").write_bytes(b"k" * 32)
    with pytest.raises(SettingsError, match="not the edge key"):
        async with epoch_host_on(databases, tmp_path):
            pass
