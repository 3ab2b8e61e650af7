"""The help of plugins' commands is read once, and again when anything has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.cli.plugin_helps import remembered


class Plugins:
    """Plugins that count how often they are read."""

    read = 0

    def helps(self) -> dict[str, str]:
        self.read += 1
        return {"desk": "Add and list desks."}


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plugins:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Plugins()


def test_the_plugins_are_read_once(plugins: Plugins) -> None:
    first, again = remembered(plugins.helps), remembered(plugins.helps)
    assert first == again == {"desk": "Add and list desks."}
    assert plugins.read == 1


def test_other_settings_are_read_anew(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered(plugins.helps)
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')
    remembered(plugins.helps)
    Path("satark.toml").write_text("plugins = []")
    remembered(plugins.helps)
    assert plugins.read == 3


def test_a_damaged_cache_of_helps_is_replaced(plugins: Plugins, tmp_path: Path) -> None:
    remembered(plugins.helps)
    (file,) = (tmp_path / "cache/satark").iterdir()
    file.write_bytes(b"\xff{")
    assert remembered(plugins.helps) == {"desk": "Add and list desks."}
    assert remembered(plugins.helps)
    assert plugins.read == 2


def test_without_a_writable_cache_the_plugins_are_read_each_time(plugins: Plugins, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    for _ in range(2):
        assert remembered(plugins.helps)
    assert plugins.read == 2
