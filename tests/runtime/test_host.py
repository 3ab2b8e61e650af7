"""A process is put together from its settings, started and stopped, and outlives the failure of one part."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from satark.api import hookimpl
from satark.api.observability import LifecycleEvent
from satark.api.settings import SettingsError
from satark.runtime import host as host_module
from satark.runtime.host import Host, check_packages
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark_files.sandbox.protections import Protections
from satark_testing.waiting import until
from satark_words.catalogues import Catalogue, Catalogues
from support.later import render_a_band_later
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.store import fresh_services

IN_ANOTHER_LANGUAGE = Catalogue._in_another_language


@pytest.mark.slow("a third of a second of a processor")
async def test_a_host_opens_and_closes_its_channels_and_sinks(tmp_path: Path) -> None:
    channel, sink = ScriptedChannel(), ScriptedSink()
    host = scripted_host(Settings(data_dir=tmp_path), channel, [sink])
    async with host.running():
        await until(lambda: channel.opened and sink.opened)
    assert (channel.opened, channel.closed, sink.opened, sink.closed) == (1, 1, 1, 1)


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    services.write_now(lambda unit: unit.main.exec_driver_sql("UPDATE alembic_version SET version_num = '0'"))
    services.close()
    with pytest.raises(SettingsError, match="this version does not know 0 of the databases: install the version"):
        scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())


def test_a_machine_that_can_not_isolate_the_cleaner_is_refused_unless_a_setting_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.runtime.compose.find_protections", lambda: Protections(network=True))
    with pytest.raises(SettingsError, match="allow_weak_isolation"):
        scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    Host(Settings(data_dir=tmp_path, plugins=("web_form",)), frozenset[Role]({"web"})).services.close()
    monkeypatch.setenv("SATARK_EVIDENCE__ALLOW_WEAK_ISOLATION", "true")
    scripted_host(Settings(data_dir=tmp_path), ScriptedChannel()).services.close()


@pytest.mark.slow("a host")
async def test_listeners_get_every_event_and_their_failures_are_counted_and_shown(tmp_path: Path) -> None:
    heard: list[LifecycleEvent] = []

    def hear(event: LifecycleEvent) -> None:
        heard.append(event)
        raise RuntimeError("planted")

    channel = ScriptedChannel()
    plugin = SimpleNamespace(satark_event=hookimpl(hear))
    host = scripted_host(Settings(data_dir=tmp_path), channel, plugin=plugin)
    async with host.running():
        assert host.ingest_runtime
        await until(lambda: channel.opened)
        await Tipster(host.ingest_runtime, channel).say("Hi")
    assert heard == [LifecycleEvent("turn", "script")]
    assert b'satark_hook_failures_total{hook="satark_event",plugin="further"} 1.0' in render_a_band_later(host.metrics)
    (fault,) = host.metrics.faults.current
    assert fault.code == "hook_fails:further:satark_event"
    assert re.match(
        r"plugin further failed in satark_event \(RuntimeError at tests.runtime.test_host:\d+\)", fault.text
    )
    assert "planted" not in str(fault)


def test_a_text_that_a_language_lacks_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalogue, "_in_another_language", IN_ANOTHER_LANGUAGE)
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    assert Catalogues.of("satark.dialogue")["en"].text("mailbox.age") == ""
    (fault,) = host.metrics.faults.current
    assert fault.code == "text_missing:en:mailbox.age"
    host.services.close()


def test_a_process_with_only_the_desk_role_has_no_ingest_runtime(tmp_path: Path) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), _only("desk"))
    assert host.ingest_runtime is None
    host.services.close()


async def test_a_process_with_only_the_desk_role_can_write(tmp_path: Path) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), _only("desk"))
    async with host.running():
        assert await host.services.write(lambda unit: unit.day) > 0


def _only(role: Role) -> tuple[Role, ...]:
    return (role,)


async def test_the_metrics_tell_how_late_the_event_loop_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.runtime.host._LOOP_SECONDS", 0.001)
    host = Host(Settings(data_dir=tmp_path, plugins=()), _only("desk"))
    async with host.running():
        await asyncio.sleep(0.002)
        time.sleep(0.06)  # noqa: ASYNC251 - what holds the loop
        await asyncio.sleep(0.002)
    shown = dict(line.rsplit(" ", 1) for line in render_a_band_later(host.metrics).decode().splitlines())
    late, all_ = (float(shown[f"satark_loop_delay_seconds_{one}"]) for one in ('bucket{le="0.05"}', "count"))
    assert late < all_


def test_a_role_without_its_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "missing", lambda extra: ["pillow"] if extra == "evidence" else [])
    check_packages(["web", "desk"])
    with pytest.raises(SettingsError, match="worker needs pillow: not installed"):
        check_packages(["web", "worker"])
