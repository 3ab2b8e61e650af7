"""The plugin hands over a channel if it is configured, and names the settings that are missing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from satark.api.channel import Channel
from satark.api.settings import SettingsError
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark_whatsapp.plugin import satark_channels
from satark_whatsapp.settings import WhatsAppSettings

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
    return satark_channels(settings, ChannelContext(settings))


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


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://graph.facebook.com", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://127.0.0.1:1", True),
        ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("http://[", False),
        ("graph", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, good: bool, secrets: dict[str, Any]) -> None:  # noqa: FBT001
    if good:
        assert WhatsAppSettings(**secrets, graph_url=url).graph_url == url
        return
    with pytest.raises(ValidationError, match="graph_url"):
        WhatsAppSettings(**secrets, graph_url=url)


def test_every_setting_has_a_description_and_the_required_ones_say_where_to_find_them() -> None:
    for name, field in WhatsAppSettings.model_fields.items():
        assert field.description, name
        if field.is_required():
            assert isinstance(field.json_schema_extra, dict)
            assert field.json_schema_extra["where"], name


def test_the_repr_hides_secrets(secrets: dict[str, Any]) -> None:
    shown = repr(WhatsAppSettings(**secrets)) + str(WhatsAppSettings(**secrets))
    assert not [word for word in ("app-secret", "verify-token", "access-token") if word in shown]
