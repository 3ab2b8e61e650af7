"""Before it starts, the plugin names the settings and files that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.settings import SettingsError
from satark.settings.settings import Settings
from satark_email.plugin import satark_sinks


def test_check_names_missing_files_and_unknown_destinations(
    office: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "satark.toml"
    (tmp_path / "open").write_text("secret")
    config.write_text(
        f'[email]\nhost = "localhost"\nsender = "a@b.example"\npassword_file = "{tmp_path / "open"}"\n'
        'ca_file = "/nowhere"\n[email.to.other]\nrecipients = ["x@y.example"]\nopenpgp_keys = "/nowhere"\n'
    )
    with pytest.raises(SettingsError) as found:
        satark_sinks(Settings(config), office.services)
    assert {problem.setting for problem in found.value.problems} == {
        "email.password_file",
        "email.ca_file",
        "email.to.other.openpgp_keys",
        "destination email:cell: to",
        "destination email:notification: to",
    }
