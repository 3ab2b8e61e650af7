"""Values that the plugin derives from the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.settings.settings import Settings
from satark_web_form.plugin import satark_channels


def test_the_largest_file_is_the_one_of_the_evidence_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_EVIDENCE__FILE_BYTES", "2000000")
    [channel] = satark_channels(Settings(data_dir=tmp_path))
    assert vars(channel)["_uploads"].file_bytes == 2_000_000
