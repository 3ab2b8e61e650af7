"""The plugin needs only a URL and a secret, and names the libraries that are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.settings import SettingsError
from satark.settings.settings import Settings
from satark_police_system import plugin
from satark_testing.peers.police import SECRET

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def configured(no_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with a URL and a secret alone."""
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__URL", "https://police.example/tips")
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__SECRET", SECRET)


def test_nothing_is_added_if_no_system_is_configured() -> None:
    assert plugin.satark_destinations(Settings()) == []


@pytest.mark.usefixtures("configured")
def test_a_configured_system_is_a_destination_unless_a_table_names_it(tmp_path: Path) -> None:
    (rule,) = plugin.satark_destinations(Settings())
    assert rule.to == "police_system:main"
    assert rule.identity_file is not None
    assert rule.identity_file.name == "police_system-main.key"
    (tmp_path / "satark.toml").write_text('[[destination]]\nto = "police_system:main"\ndesk = "sp"\n')
    assert plugin.satark_destinations(Settings(tmp_path / "satark.toml")) == []


@pytest.mark.usefixtures("configured")
def test_missing_libraries_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "find_spec", lambda name: None)
    with pytest.raises(SettingsError) as refused:
        plugin.satark_destinations(Settings())
    assert "satark[police]" in refused.value.problems[0].hint
