"""The plugin hands over a channel if it is configured, and names the settings that are wrong."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from satark.api.channel import Channel, ListeningChannel
from satark.api.settings import SettingsError
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark_telegram import plugin
from satark_telegram.plugin import satark_channels
from satark_telegram.settings import TelegramSettings


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


def test_the_missing_library_is_named(env: pytest.MonkeyPatch) -> None:
    env.setattr(plugin, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"satark\[telegram\]"):
        offered()


def test_each_wrong_setting_is_named_with_where_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_TELEGRAM__SECRET_TOKEN", "with space")
    monkeypatch.setenv("SATARK_TELEGRAM__API_URL", "http://bots.example")
    with pytest.raises(SettingsError) as caught:
        offered()
    problems = {problem.env.removeprefix("SATARK_TELEGRAM__"): problem for problem in caught.value.problems}
    assert set(problems) == {"TOKEN", "SECRET_TOKEN", "API_URL"}
    assert "BotFather" in problems["TOKEN"].hint


@pytest.mark.parametrize("token", ["AAH", "x:AAH", "1:", "1:A/../B", "1:A\n"])
def test_a_malformed_token_is_refused(token: str, secrets: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must look like"):
        TelegramSettings(**{**secrets, "token": token})


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.telegram.org", True),
        ("http://localhost:8081", True),
        ("http://[::1]:8081", True),
        ("http://10.0.0.1", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, good: bool, secrets: dict[str, Any]) -> None:  # noqa: FBT001
    if good:
        assert TelegramSettings(**secrets, api_url=f"{url}/").api_url == url
        return
    with pytest.raises(ValidationError, match="api_url"):
        TelegramSettings(**secrets, api_url=url)


def test_every_setting_has_a_description_and_the_repr_hides_secrets(secrets: dict[str, Any]) -> None:
    assert all(field.description for field in TelegramSettings.model_fields.values())
    shown = repr(TelegramSettings(**secrets))
    assert "AAHdq" not in shown
    assert "a-secret" not in shown


@pytest.mark.slow("a process")
def test_the_library_is_imported_only_when_the_channel_opens() -> None:
    code = "import sys, satark_telegram.plugin; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
