"""The composition root: every unusable setting is named, with what to do about it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api import hookimpl
from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.settings.settings import Settings
from satark.store.writer import Writer
from satark_files.sandbox.protections import Protections
from satark_words.geography.geography import Geography
from support.scripted import ScriptedChannel, ScriptedSink, scripted_host
from support.store import fresh_services


def refused(setting: str, act: Callable[[], object]) -> str:
    """Return the error message about the one wrong setting."""
    with pytest.raises(SettingsError) as refusal:
        act()
    (problem,) = refusal.value.problems
    assert problem.setting == setting
    return f"{problem.message} {problem.hint}"


def test_without_a_geography_the_sample_is_used(tmp_path: Path) -> None:
    loaded = compose.load_geography(Settings(data_dir=tmp_path))
    assert loaded.districts == Geography.sample().districts


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"stations: ["], ids=["no file", "not text", "not YAML"])
def test_a_geography_that_can_not_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "places.yaml"
    if content is not None:
        file.write_bytes(content)
    settings = Settings(data_dir=tmp_path, geography=file)
    assert refused("geography", lambda: compose.load_geography(settings))


def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert not compose.has_edge_key(settings)
    first = compose.load_identity(settings)
    assert compose.has_edge_key(settings)
    assert compose.load_identity(settings).canary == first.canary


def test_a_process_that_serves_only_the_web_makes_no_key_that_opens_tips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__URL", "https://police.example/tips")
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__SECRET", "whsec_" + b64encode(bytes(32)).decode())
    settings = Settings(data_dir=tmp_path, plugins=("police_system",))
    plugins = compose.load_plugins(settings)
    with pytest.raises(SettingsError, match="satark destination keygen"):
        compose.load_destinations(settings, plugins, makes_keys=False)
    assert list(tmp_path.rglob("*.key")) == []
    (made,) = compose.load_destinations(settings, plugins)
    (found,) = compose.load_destinations(settings, plugins, makes_keys=False)
    assert found.recipient == made.recipient, "on one machine they share the data folder"


def test_an_edge_key_that_is_configured_and_missing_is_not_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, edge_key_file=tmp_path / "elsewhere.key")
    assert "head -c 32 /dev/urandom" in refused("edge_key_file", lambda: compose.load_identity(settings))
    assert not (tmp_path / "elsewhere.key").exists()


@pytest.mark.parametrize("content", [b"", b"not epoch keys at all" * 100])
def test_an_error_names_a_damaged_epoch_key_file_and_the_cost_of_giving_it_up(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "epoch.key"
    file.write_bytes(content)
    file.chmod(0o600)
    settings = Settings(data_dir=tmp_path, epoch_key_file=file)
    assert "satark db forget-drafts" in refused("epoch_key_file", lambda: compose.load_identity(settings))


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x"])
def test_a_database_that_can_not_be_used_is_named(tmp_path: Path, url: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=url)
    assert refused("database_url", lambda: compose.load_services(settings, Geography.sample()))


def test_each_key_of_another_database_is_named(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "one")
    services = fresh_services(settings.core.data_dir)
    compose.check_canaries(compose.load_identity(settings), services)
    other = compose.load_identity(Settings(data_dir=tmp_path / "two"))
    assert [one.setting for one in compose.canary_problems(other, services)] == ["edge_key_file"]
    with pytest.raises(SettingsError, match="every machine of one database has the same edge key"):
        compose.check_canaries(other, services)
    services.close()


def test_weak_isolation_is_refused_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compose, "find_protections", lambda: Protections(network=True))
    setting = "evidence.allow_weak_isolation"
    said = refused(setting, lambda: compose.check_isolation(Settings(data_dir=tmp_path)))
    assert "docs/operations.md says what each needs" in said
    monkeypatch.setenv("SATARK_EVIDENCE__ALLOW_WEAK_ISOLATION", "true")
    compose.check_isolation(Settings(data_dir=tmp_path))


def test_every_prompt_that_does_not_fit_a_channel_is_named(tmp_path: Path) -> None:
    class Narrow(ScriptedChannel):
        capabilities = ScriptedChannel.capabilities.__class__(
            kind="chat", text=20, body=20, buttons=3, button_label=2, rows=10, row_label=2, menu_label=2, token=200
        )

    settings = Settings(data_dir=tmp_path)
    with pytest.raises(SettingsError) as refusal:
        compose.load_flows(settings, Plugins.load(()), Geography.sample(), [Narrow()])
    assert len(refusal.value.problems) > 3
    assert {problem.setting for problem in refusal.value.problems} == {"flow"}


def test_a_missing_flow_is_named(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, flow=tmp_path / "none.yaml")
    assert refused("flow", lambda: compose.load_questionnaire(settings))


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_machine_with_another_store_is_refused(databases: Any, tmp_path: Path) -> None:
    """The files of its form reached no desk, and nobody was told."""
    shared = {"database_url": databases.main, "keys_url": databases.keys, "epoch_key_file": tmp_path / "epoch.keys"}
    keys = {name: tmp_path / "one" / f"{name}.key" for name in ("edge", "name")}
    for folder in ("one", "one"):
        scripted_host(Settings(data_dir=tmp_path / folder, **shared), ScriptedChannel()).services.close()
    settings = Settings(data_dir=tmp_path / "two", edge_key_file=keys["edge"], name_key_file=keys["name"], **shared)
    with pytest.raises(SettingsError, match="another store"):
        scripted_host(settings, ScriptedChannel())
    services = compose.load_services(settings, Geography.sample())
    assert [one.setting for one in compose.storage_problems(services)] == ["storage_url"]
    services.close()


class ReadingSink(ScriptedSink):
    """A scripted sink that must read tips."""

    def reads(self, name: str) -> bool:
        return bool(name)


def test_a_machine_without_a_destinations_key_has_the_sink_for_alarms_and_not_for_tips(tmp_path: Path) -> None:
    plugins = Plugins()
    plugins.register(SimpleNamespace(satark_sinks=hookimpl(lambda: [ReadingSink()])), "script")
    rule = DestinationRule(to="script:b", desk="sp", recipient=new_identity()[0])
    settings = Settings(data_dir=tmp_path)
    services = fresh_services(tmp_path, destination=(rule,))
    writer = Writer(services.main, services.keys)
    with pytest.raises(SettingsError):
        compose.load_sinks(settings, plugins, services, writer)
    (sink,) = compose.load_sinks(settings, plugins, services, writer, read_tips=False)
    assert sink.name == "script"
    services.close()
