"""The simulated Telegram refuses calls that Telegram would refuse, by its limits and by its description."""

from __future__ import annotations

import json
from typing import Any

import pytest

from satark_testing.telegram.limits import BUTTONS_A_ROW, TEXT, RefusedError, check_limits
from support.telegram_description import Description

BUTTON = {"text": "Yes", "callback_data": "yes"}


def keyboard(*rows: list[dict[str, str]]) -> str:
    return json.dumps({"inline_keyboard": rows})


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("sendMessage", {"text": " "}),
        ("sendMessage", {"text": "a" * (TEXT + 1)}),
        ("sendMessage", {"text": "\U0001f3b2" * (TEXT // 2 + 1)}),
        ("sendMessage", {"text": "a", "reply_markup": keyboard([BUTTON] * (BUTTONS_A_ROW + 1))}),
        ("sendMessage", {"text": "a", "reply_markup": keyboard([{**BUTTON, "callback_data": "की" * 11}])}),
        ("sendVoice", {"caption": "a" * 1025}),
        ("deleteMessages", {"message_ids": "[]"}),
        ("setWebhook", {"secret_token": "no spaces"}),
        ("setMyCommands", {"commands": json.dumps([{"command": "Help", "description": "d"}])}),
    ],
)
def test_a_call_over_a_limit_is_refused(method: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        check_limits(method, parameters)


def test_a_call_at_the_limit_is_accepted() -> None:
    check_limits("sendMessage", {"text": "a" * TEXT, "reply_markup": keyboard([BUTTON] * BUTTONS_A_ROW)})
    check_limits("setMyCommands", {"commands": json.dumps([{"command": "help", "description": "d" * 256}])})
    check_limits("getMe", {})


def test_a_call_is_checked_against_the_description() -> None:
    field = {"types": ["Integer"], "required": True}
    described = Description({"send": {"chat_id": field, "to": {"types": ["Chat"], "required": False}}},
                            {"Chat": {"fields": {"id": field}}})  # fmt: skip
    described.check("send", {"chat_id": "7", "to": json.dumps(described.sample("Chat"))})
    for wrong in ({}, {"chat_id": "x"}, {"chat_id": 7, "more": 1}, {"chat_id": 7, "to": "{}"}, {"chat_id": True}):
        with pytest.raises(RefusedError):
            described.check("send", wrong)
    with pytest.raises(RefusedError, match="not known"):
        described.check("sing", {})
