"""The checks of a complete plugin: the objects that it offers with its settings and without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel

import satark_web_form
from satark.api import hookimpl, provider_url
from satark.settings.settings import Settings
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_testing.contracts.rules import BrokenRule
from support.scripted import ScriptedChannel


class BeaconSettings(BaseModel):
    """The settings that the plugin needs."""

    url: Annotated[str, AfterValidator(provider_url)]


class TrustingSettings(BaseModel):
    """The settings of a plugin that believes any input."""

    url: str
    token: str


class Beacon(ScriptedChannel):
    """A channel with another name."""

    name = "beacon"
    accounts = ("beacon:1",)


def plugin(*, always: bool, model: type[BaseModel] = BeaconSettings) -> ModuleType:
    """Return a plugin that offers its channel always, or only if it is configured."""

    @hookimpl
    def satark_channels(settings: Settings) -> list[Beacon]:
        return [Beacon()] if always or settings.section("beacon", model) else []

    module: Any = ModuleType(satark_web_form.__name__)  # any package: the check reads what its files import
    module.satark_channels = satark_channels
    return module  # type: ignore[no-any-return]


def broken(case: PluginCase) -> Iterator[str]:
    """Yield the rule that a plugin breaks, if it breaks any."""
    try:
        check_plugin(case)
    except BrokenRule as found:
        yield str(found).split()[0]


@pytest.mark.parametrize(
    ("always", "settings", "rules"),
    [
        (False, {"SATARK_BEACON__URL": "https://beacon.example"}, []),
        (True, {"SATARK_BEACON__URL": "https://beacon.example"}, ["P02"]),
        (True, {}, []),
        (False, {}, ["P03"]),
    ],
)
def test_a_plugin_without_the_settings_that_it_needs_offers_nothing(
    always: bool,  # noqa: FBT001 - a row of the table
    settings: dict[str, str],
    rules: list[str],
) -> None:
    case = PluginCase(module=plugin(always=always), name="beacon", settings=settings, channels=("beacon",))
    assert list(broken(case)) == rules


@pytest.mark.slow("the contract's checks")
def test_a_configuration_in_the_authors_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "satark.toml").write_text('[beacon]\nurl = "https://elsewhere.example"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = {"SATARK_BEACON__URL": "https://beacon.example"}
    check_plugin(PluginCase(module=plugin(always=False), name="beacon", settings=settings, channels=("beacon",)))


@pytest.mark.parametrize(("secrets", "rule"), [((), "P08"), (("a-token",), "P09")])
def test_an_address_without_encryption_and_an_empty_secret_are_refused(secrets: tuple[str, ...], rule: str) -> None:
    settings = {"SATARK_BEACON__TOKEN": "a-token", "SATARK_BEACON__URL": "https://beacon.example"}
    module = plugin(always=False, model=TrustingSettings)
    case = PluginCase(module=module, name="beacon", settings=settings, channels=("beacon",), secrets=secrets)
    assert list(broken(case)) == [rule]


class DefaultSettings(BeaconSettings):
    """The settings of a plugin with one more address, which has a default."""

    files: str = "https://files.beacon.example"


class SafeSettings(DefaultSettings):
    """The same, with the address checked."""

    files: Annotated[str, AfterValidator(provider_url)] = "https://files.beacon.example"


@pytest.mark.parametrize(("model", "rules"), [(DefaultSettings, ["P08"]), (SafeSettings, [])])
def test_an_address_with_a_default_must_be_encrypted_too(model: type[BaseModel], rules: list[str]) -> None:
    settings = {"SATARK_BEACON__URL": "https://beacon.example"}
    module = plugin(always=False, model=model)
    assert list(broken(PluginCase(module=module, name="beacon", settings=settings, channels=("beacon",)))) == rules
