"""The plugin hands over a channel if it is configured, and names the settings that are wrong."""

from __future__ import annotations

import pytest

from satark.api.channel import Channel, ListeningChannel
from satark.api.settings import SettingsError
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark_telegram.plugin import satark_channels


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the required settings in the environment."""
    monkeypatch.setenv("SATARK_TELEGRAM__TOKEN", "110201543:AAH")
    monkeypatch.setenv("SATARK_TELEGRAM__SECRET_TOKEN", "long-word")
    return monkeypatch


def offered() -> list[Channel]:
    settings = Settings()
    return satark_channels(settings, ChannelContext(settings))


def test_without_any_setting_there_is_no_channel() -> None:
    assert offered() == []


def test_with_its_settings_there_is_one_channel(env: pytest.MonkeyPatch) -> None:
    (channel,) = offered()
    assert isinstance(channel, Channel)
    assert isinstance(channel, ListeningChannel)
    assert channel.accounts == ("telegram:110201543",)
    assert [endpoint.path for endpoint in channel.endpoints] == ["/telegram/webhook"]


def test_each_wrong_setting_is_named_with_where_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_TELEGRAM__SECRET_TOKEN", "with space")
    monkeypatch.setenv("SATARK_TELEGRAM__API_URL", "http://bots.example")
    with pytest.raises(SettingsError) as caught:
        offered()
    problems = {problem.env.removeprefix("SATARK_TELEGRAM__"): problem for problem in caught.value.problems}
    assert set(problems) == {"TOKEN", "SECRET_TOKEN", "API_URL"}
    assert "BotFather" in problems["TOKEN"].hint
