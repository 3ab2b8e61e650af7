"""The plugin hands over a channel if it is configured, and names the settings that are missing."""

from __future__ import annotations

import pytest

from satark.api.channel import Channel
from satark.api.observability import FaultFinder
from satark.api.settings import SettingsError
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark_whatsapp.plugin import satark_call_providers, satark_channels
from support.programs import ServedGraph

SECRETS = ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN")


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the required settings in the environment."""
    for name in SECRETS:
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", f"the {name.lower()}")
    monkeypatch.setenv("SATARK_WHATSAPP__PHONE_NUMBER_ID", "106540352242922")
    return monkeypatch


def offered() -> list[Channel]:
    settings = Settings()
    context = ChannelContext(settings)
    return satark_channels(settings, context, satark_call_providers(settings, context))


def test_without_any_setting_there_is_no_channel() -> None:
    assert offered() == []


def test_with_its_settings_there_is_one_channel(env: pytest.MonkeyPatch) -> None:
    env.setenv("SATARK_WHATSAPP__GRAPH_URL", "http://127.0.0.1:9/")
    env.setenv("SATARK_WHATSAPP__NOTICE_TEMPLATES", '{"hi": "satark_notice"}')
    env.setenv("SATARK_WHATSAPP__READ_RECEIPTS", "false")
    (channel,) = offered()
    assert isinstance(channel, Channel)
    assert channel.accounts == ("whatsapp:106540352242922",)
    assert channel.endpoints[0].path == "/whatsapp/webhook"


def test_each_missing_setting_is_named_with_where_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_WHATSAPP__PHONE_NUMBER_ID", "1/../2")
    monkeypatch.setenv("SATARK_WHATSAPP__GRAPH_URL", "http://graph.example")
    with pytest.raises(SettingsError) as caught:
        offered()
    problems = {problem.env: problem for problem in caught.value.problems}
    assert set(problems) == {
        *(f"SATARK_WHATSAPP__{name}" for name in SECRETS),
        "SATARK_WHATSAPP__PHONE_NUMBER_ID",
        "SATARK_WHATSAPP__GRAPH_URL",
    }
    assert "App settings > Basic > App secret" in problems["SATARK_WHATSAPP__APP_SECRET"].hint
    assert "https://" in problems["SATARK_WHATSAPP__GRAPH_URL"].message


def test_calls_are_off_until_their_number_is_set(env: pytest.MonkeyPatch) -> None:
    settings = Settings()
    assert satark_call_providers(settings, ChannelContext(settings)) == []
    env.setenv("SATARK_WHATSAPP__CALLS_AT_ONCE", "2")
    env.setenv("SATARK_WHATSAPP__PHONE_NUMBER_ID", "1,2")
    settings = Settings()
    providers = satark_call_providers(settings, ChannelContext(settings))
    assert [one.account for one in providers] == ["voice:whatsapp-1", "voice:whatsapp-2"]


def test_calls_without_aiortc_stop_the_start(env: pytest.MonkeyPatch) -> None:
    env.setenv("SATARK_WHATSAPP__CALLS_AT_ONCE", "2")
    env.setattr("satark_whatsapp.plugin.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"satark\[calls\]"):
        offered()


async def test_the_channel_checks_that_meta_sends_the_webhooks_to_the_public_address(
    env: pytest.MonkeyPatch, graph: ServedGraph, secrets: dict[str, str]
) -> None:
    env.setenv("SATARK_WHATSAPP__ACCESS_TOKEN", secrets["access_token"])
    env.setenv("SATARK_WHATSAPP__GRAPH_URL", graph.url)
    env.setenv("SATARK_PUBLIC_URL", "https://satark.example")
    graph.peer.callbacks["phone_number"] = "https://thief.example/t"
    (channel,) = offered()
    assert isinstance(channel, FaultFinder)
    assert len(await channel.find_faults()) == 1
