"""How a command starts: settings and plugins are read once, and the store opens or the command prints one sentence."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from satark.api.settings import SettingsError
from satark.runtime.command_host import CommandHost, open_services, plugins_of, settings_of
from support.store import fresh_services


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> click.Context:
    """The context of a command on an installation in `tmp_path`, without plugins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    return click.Context(click.Command("any"))


def test_nested_contexts_share_settings_and_plugins(ctx: click.Context) -> None:
    inner = click.Context(click.Command("inner"), parent=ctx)
    assert settings_of(inner) is settings_of(ctx) is CommandHost(inner).settings
    assert plugins_of(inner) is plugins_of(ctx)


def test_a_store_is_open_until_the_block_ends(ctx: click.Context, tmp_path: Path) -> None:
    fresh_services(tmp_path / "data").close()
    with open_services(ctx) as services:
        assert services.write_now(lambda unit: unit.day) > 0


def test_a_store_that_was_not_set_up_is_refused(ctx: click.Context) -> None:
    with pytest.raises(click.ClickException, match="satark db upgrade"), open_services(ctx):
        pass


def test_a_wrong_setting_is_raised_as_it_is(ctx: click.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_GEOGRAPHY", "nowhere.yaml")
    with pytest.raises(SettingsError, match="geography"):
        CommandHost(ctx).geography()


def test_a_command_of_a_plugin_reads_every_prompt_of_the_questionnaire_in_use(ctx: click.Context) -> None:
    host = CommandHost(ctx)
    names = [name for name, _ in host.every_prompt("whatsapp")]
    assert len(names) == len(set(names)) > 100


def test_a_missing_questionnaire_is_reported_in_a_sentence(ctx: click.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_FLOW", "nowhere.yaml")
    for read in (CommandHost(ctx).flow, CommandHost(ctx).catalogues):
        with pytest.raises(click.ClickException, match=r"nowhere\.yaml"):
            read()
