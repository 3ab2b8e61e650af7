"""The plugin hands over both channels if Twilio is configured, and names the settings that are missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from satark.api.channel import Channel, Outcome, RawRequest
from satark.api.prompt import Capabilities, Prompt
from satark.api.settings import SettingsError
from satark.cli.main import cli
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.settings.settings import Settings
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.plugin import satark_channels, satark_render, satark_web_pages
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio_voice import TwilioVoice
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml
from satark_words.geography.geography import Geography

GOOD = {"account_sid": "AC" + "0" * 32, "auth_token": "t", "number": "+15550100100"}


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


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.twilio.com", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.1", False),
    ],
)
def test_plain_http_is_allowed_on_this_machine_only(url: str, *, good: bool) -> None:
    if good:
        assert TwilioSettings.model_validate({**GOOD, "api_url": url}).api_url == url
        return
    with pytest.raises(ValidationError):
        TwilioSettings.model_validate({**GOOD, "api_url": url})


def test_only_prompts_for_sms_and_voice_are_fitted() -> None:
    prompt = Prompt(text="x", language="en")
    fitted = {
        kind: satark_render(prompt, Capabilities(kind=kind, text=9, body=9), "en")
        for kind in ("chat", "web", "sms", "voice")
    }
    assert {kind for kind, found in fitted.items() if found is None} == {"chat", "web"}


def test_what_can_be_recorded_is_listed_with_its_name_and_nothing_else_is_read_aloud(
    tmp_path: Path, signed: Callable[..., RawRequest], settings: TwilioSettings
) -> None:
    environment = {"SATARK_DATA_DIR": str(tmp_path), "SATARK_PLUGINS": '["sms_ivr"]'}
    ran = CliRunner().invoke(cli, ["voice", "lines"], env=environment)
    listed = [line.split("\t") for line in ran.output.splitlines()]
    assert len({name for name, _ in listed}) == len(listed) > 200
    assert not [line for _, line in listed if any(part in line for part in ("{", "4K7Q", "हथियार बिकते"))]
    for name, _ in listed:
        (tmp_path / f"{name}.mp3").write_bytes(b"ID3")
    provider = TwilioVoice(settings, "https://satark.example")
    recorded = VoiceChannel(provider, CallSettings(clips=tmp_path), "https://satark.example")
    source, raw = default_flow(), signed("/voice/webhook", CallSid="CA" + "1" * 32)
    for name, prompt in every_prompt(load_flow(source), source.catalogues, Geography.sample(), "voice"):
        if "{" not in source.catalogues["en"].get(name.split(maxsplit=1)[1]) and "review" not in name:
            said = read_twiml(recorded.reply(raw, Outcome(prompts=[fit_to_keypad(prompt)])).body)
            spoken = ["".join(verb.itertext()) for verb in said.iter("Say")]
            assert not [line for line in spoken if "varanasipolice" not in line], name
