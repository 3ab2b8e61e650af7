"""The secret, the contract, the plugin, and what prompts look like."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from satark.channel import Address, Call, Channel, ListeningChannel, Outcome, RawRequest, RawResponse
from satark.prompt import Choice, Prompt
from satark.settings import Settings, SettingsError
from satark.testing.contracts.channel import ChannelCase, check_channel
from satark.testing.telegram.bot_api import Description, Person, Updates
from satark.testing.telegram.citizen import content
from satark.testing.telegram.limits import check_limits
from satark_telegram import plugin
from satark_telegram.channel import TelegramChannel
from satark_telegram.plugin import satark_channels
from satark_telegram.settings import TelegramSettings

Sign = Callable[[Any], RawRequest]
FILE = {"file_id": "BQACAgUAAxkBAAIB", "file_unique_id": "AgADqQ", "file_size": 9}


def test_it_keeps_the_contract(
    telegram: TelegramChannel, signed: Sign, person: Person, description: Description
) -> None:
    updates = Updates()

    def accepts(call: Call) -> None:
        body = json.loads(call.body)
        description.check(call.method, body)
        check_limits(call.method, body)

    own = {"phone_number": "919876543210", "first_name": "Sunita", "user_id": person.id}
    case = ChannelCase(
        channel=telegram,
        to=Address(str(person.id)),
        genuine=[
            signed(update)
            for update in (
                updates.text(person, "Hi"),
                updates.message(person, {**content("document", FILE), "caption": "see"}),
                updates.message(person, {"contact": own}),
                updates.edit(person, 11, {"text": "Hello"}),
                updates.tap(person, "a:b:1", updates.bare(person, {"text": "?"})),
            )
        ],
        identifiers=("8812345678", "Sunita", "Planted", "sunita_planted_vns", "919876543210", "document of mine"),
        accepts=accepts,
        covers_body=False,
    )
    check_channel(case)


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1"}, True),
        ({"x-telegram-bot-api-secret-token": "A-secret-of-ours_1"}, False),
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1 "}, False),
        ({"x-telegram-bot-api-secret-token": ""}, False),
        ({"x-telegram-bot-api-secret-token": "र\udcff"}, False),
        ({}, False),
    ],
)
def test_only_the_secret_opens_the_door(headers: dict[str, str], genuine: bool, telegram: TelegramChannel) -> None:  # noqa: FBT001
    raw = RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=b"not even json")
    assert telegram.verify(raw) == genuine
    assert not telegram.verify(msgspec.structs.replace(raw, method="GET"))


def prompt(**fields: Any) -> Prompt:
    return Prompt(**{"text": "कहाँ?", "language": "hi", **fields})


def body(telegram: TelegramChannel, asked: Prompt) -> dict[str, Any]:
    (call,) = telegram.render(asked, "telegram:110201543", Address("42"))
    assert call.method == "sendMessage"
    found: dict[str, Any] = json.loads(call.body)
    return found


def test_a_question_is_a_keyboard_with_one_choice_a_row_and_its_actions_beside_each_other(
    telegram: TelegramChannel,
) -> None:
    choices = tuple(Choice(f"kind:c{n}:1", f"choice {n}") for n in range(3))
    actions = (Choice("kind:@skip:1", "Skip"), Choice("kind:@back:1", "Back"))
    keyboard = body(telegram, prompt(choices=choices, actions=actions))["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in keyboard] == [
        ["choice 0"], ["choice 1"], ["choice 2"], ["Skip", "Back"],
    ]  # fmt: skip
    assert keyboard[0][0]["callback_data"] == "kind:c0:1"


def test_nothing_that_is_sent_can_be_forwarded_or_fetches_a_page(telegram: TelegramChannel) -> None:
    sent = body(telegram, prompt())
    assert sent["protect_content"] is True
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "reply_markup" not in sent
    assert telegram.notice(prompt(), "telegram:110201543", Address("42"))[0].fallback == b""


def test_a_webhook_is_answered_with_nothing(telegram: TelegramChannel, signed: Sign) -> None:
    assert telegram.reply(signed({}), Outcome(prompts=(prompt(),))) == RawResponse()


# ----------------------------------------------------------------- plugin and settings


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Configure all that is needed, in the environment."""
    monkeypatch.setenv("SATARK_TELEGRAM__TOKEN", "110201543:AAH")
    monkeypatch.setenv("SATARK_TELEGRAM__SECRET_TOKEN", "long-word")
    return monkeypatch


def test_without_any_setting_there_is_no_channel() -> None:
    assert satark_channels(Settings()) == []


def test_with_its_settings_there_is_one(env: pytest.MonkeyPatch) -> None:
    (channel,) = satark_channels(Settings())
    assert isinstance(channel, Channel)
    assert isinstance(channel, ListeningChannel)
    assert channel.accounts == ("telegram:110201543",)
    assert [endpoint.path for endpoint in channel.endpoints] == ["/telegram/webhook"]


def test_the_missing_client_is_named(env: pytest.MonkeyPatch) -> None:
    env.setattr(plugin, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"satark\[telegram\]"):
        satark_channels(Settings())


def test_each_wrong_setting_is_named_with_its_way_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_TELEGRAM__SECRET_TOKEN", "with space")
    monkeypatch.setenv("SATARK_TELEGRAM__API_URL", "http://bots.example")
    with pytest.raises(SettingsError) as caught:
        satark_channels(Settings())
    problems = {problem.env.removeprefix("SATARK_TELEGRAM__"): problem for problem in caught.value.problems}
    assert set(problems) == {"TOKEN", "SECRET_TOKEN", "API_URL"}
    assert "BotFather" in problems["TOKEN"].hint


@pytest.mark.parametrize("token", ["AAH", "x:AAH", "1:", "1:A/../B", "1:A\n"])
def test_a_token_looks_like_one(token: str, secrets: dict[str, Any]) -> None:
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
def test_the_token_crosses_no_network_in_the_clear(url: str, good: bool, secrets: dict[str, Any]) -> None:  # noqa: FBT001
    if good:
        assert TelegramSettings(**secrets, api_url=f"{url}/").api_url == url
        return
    with pytest.raises(ValidationError, match="api_url"):
        TelegramSettings(**secrets, api_url=url)


def test_every_setting_says_what_it_is_and_secrets_do_not_show(secrets: dict[str, Any]) -> None:
    assert all(field.description for field in TelegramSettings.model_fields.values())
    shown = repr(TelegramSettings(**secrets))
    assert "AAHdq" not in shown
    assert "a-secret" not in shown


def test_the_client_is_imported_only_when_the_channel_opens() -> None:
    code = "import sys, satark_telegram.plugin; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_channel_that_is_not_open_says_so(telegram: TelegramChannel) -> None:
    await telegram.close()
    with pytest.raises(RuntimeError, match="not open"):
        _ = telegram.bot
