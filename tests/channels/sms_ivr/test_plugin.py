"""The plugin hands over both channels if Twilio is configured, and names the settings that are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.channel import Channel, ListeningChannel
from satark.api.prompt import Capabilities, Prompt
from satark.api.settings import SettingsError
from satark.settings.settings import Settings
from satark_sms_ivr.plugin import satark_channels, satark_render, satark_web_pages
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio import TwilioVoice

GOOD = {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 8, "number": "+15550100100"}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the required settings in the environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(f"SATARK_TWILIO__{name.upper()}", value)
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://satark.example")
    return monkeypatch


def test_without_any_setting_there_is_no_channel() -> None:
    assert satark_channels(Settings(), [], []) == []
    assert satark_web_pages(Settings()) == []


def test_with_its_settings_there_are_two_channels(env: pytest.MonkeyPatch) -> None:
    channels = satark_channels(Settings(), [], [])
    assert all(isinstance(channel, Channel) for channel in channels)
    assert [channel.accounts for channel in channels] == [("sms:+15550100100",), ("voice:+15550100100",)]
    assert satark_web_pages(Settings()) == []


class Carries(TwilioVoice):
    """A provider that carries its calls in this process."""

    in_use = False

    async def listen(self, ask: object) -> None:
        """Carry no calls."""


def test_a_provider_with_its_own_calls_works_with_or_without_twilio(env: pytest.MonkeyPatch) -> None:
    carries = Carries(TwilioSettings.model_validate({**GOOD, "number": "+15550100199"}), "https://satark.example")
    _, voice = satark_channels(Settings(), [], [carries])
    assert voice.accounts == ("voice:+15550100100", "voice:+15550100199")
    assert isinstance(voice, ListeningChannel)
    for name in GOOD:
        env.delenv(f"SATARK_TWILIO__{name.upper()}")
    (alone,) = satark_channels(Settings(), [], [carries])
    assert alone.accounts == ("voice:+15550100199",)


def test_recorded_prompts_are_served(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.setenv("SATARK_CALLS__CLIPS", str(tmp_path))
    (page,) = satark_web_pages(Settings())
    assert page.path == "/voice/clips"


def test_each_missing_setting_is_named_with_where_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_TWILIO__NUMBER", "call me")
    with pytest.raises(SettingsError) as caught:
        satark_channels(Settings(), [], [])
    problems = {problem.env: problem for problem in caught.value.problems}
    assert set(problems) == {f"SATARK_TWILIO__{name}" for name in ("ACCOUNT_SID", "AUTH_TOKEN", "NUMBER")}
    assert "console.twilio.com" in problems["SATARK_TWILIO__AUTH_TOKEN"].hint


def test_the_public_address_is_required(env: pytest.MonkeyPatch) -> None:
    env.delenv("SATARK_PUBLIC_URL")
    with pytest.raises(SettingsError, match="SATARK_PUBLIC_URL"):
        satark_channels(Settings(), [], [])


def test_only_prompts_for_sms_and_voice_are_fitted() -> None:
    prompt = Prompt(text="x", language="en")
    fitted = {
        kind: satark_render(prompt, Capabilities(kind=kind, text=9, body=9), "en")
        for kind in ("chat", "web", "sms", "voice")
    }
    assert {kind for kind, found in fitted.items() if found is None} == {"chat", "web"}
