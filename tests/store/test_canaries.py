"""Key files with which the data was not written are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.settings import SettingsError
from satark.identity.epoch_keys import EpochKeys
from satark.settings.settings import Settings
from support.working_host import EPOCH, epoch_host_on


@pytest.mark.slow("several starts")
async def test_another_hosts_epoch_keys_are_refused_until_the_drafts_are_given_up(
    databases: Any, tmp_path: Path
) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        await place.tipster("9140112233").say("Hi", "English")
    keys = Settings(data_dir=tmp_path).epoch_key_file
    keys.unlink()
    EpochKeys.load(keys, EPOCH)
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
