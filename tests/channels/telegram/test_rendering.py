"""A prompt becomes one message that Telegram accepts."""

from __future__ import annotations

import json
from typing import Any

from satark.api.inbound import Address
from satark.api.prompt import Choice, Prompt
from satark_telegram.channel import TelegramChannel


def prompt(**fields: Any) -> Prompt:
    return Prompt(**{"text": "कहाँ?", "language": "hi", **fields})


def body(telegram: TelegramChannel, asked: Prompt) -> dict[str, Any]:
    (call,) = telegram.render(asked, "telegram:110201543", Address("42"))
    assert call.method == "sendMessage"
    found: dict[str, Any] = json.loads(call.body)
    return found


def test_a_keyboard_has_one_choice_per_row_and_the_actions_side_by_side(
    telegram: TelegramChannel,
) -> None:
    choices = tuple(Choice(f"kind:c{n}:1", f"choice {n}") for n in range(3))
    actions = (Choice("kind:@skip:1", "Skip"), Choice("kind:@back:1", "Back"))
    keyboard = body(telegram, prompt(choices=choices, actions=actions))["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in keyboard] == [
        ["choice 0"], ["choice 1"], ["choice 2"], ["Skip", "Back"],
    ]  # fmt: skip
    assert keyboard[0][0]["callback_data"] == "kind:c0:1"


def test_messages_cannot_be_forwarded_and_show_no_link_preview(telegram: TelegramChannel) -> None:
    sent = body(telegram, prompt())
    assert sent["protect_content"] is True
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "reply_markup" not in sent
    assert telegram.notice(prompt(), "telegram:110201543", Address("42"))[0].fallback == b""
