"""A simulated Telegram answers calls and delivers updates as the real one does."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import BUTTONS_A_ROW, TEXT, Person, RefusedError, TelegramPeer, check_limits
from support.telegram_description import Description

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


async def call(url: str, method: str, token: str = TOKEN, **parameters: Any) -> dict[str, Any]:
    async with aiohttp.ClientSession() as client, client.post(f"{url}/bot{token}/{method}", json=parameters) as answer:
        body: dict[str, Any] = await answer.json()
        return body


async def test_valid_calls_are_recorded_and_foreign_or_oversized_calls_refused() -> None:
    async with TelegramPeer(token=TOKEN, secret_token="s") as peer, serve(peer.app) as url:
        heard: list[str] = []
        peer.subscribe(lambda sent: heard.append(sent.text), 7)
        assert (await call(url, "sendMessage", chat_id=7, text="Hi"))["result"]["text"] == "Hi"
        assert (await call(url, "sendMessage", token="1:x", chat_id=7, text="Hi"))["error_code"] == 401
        assert (await call(url, "sendMessage", chat_id=7, text=""))["error_code"] == 400
        assert (await call(url, "sing"))["error_code"] == 404
        peer.blocked.add(7)
        assert (await call(url, "sendMessage", chat_id=7, text="again"))["error_code"] == 403
    assert heard == ["Hi"]


async def test_a_scripted_fault_has_telegrams_error_envelope() -> None:
    async with TelegramPeer(token=TOKEN, secret_token="s") as peer, serve(peer.app) as url:
        peer.faults.fail_next(429, "slow down", on="sendMessage", retry_after=5)
        refused = await call(url, "sendMessage", chat_id=7, text="Hi")
        assert (refused["ok"], refused["parameters"]) == (False, {"retry_after": 5})
        assert (await call(url, "sendMessage", chat_id=7, text="Hi"))["ok"]


@pytest.mark.slow("half a second of a processor")
async def test_an_update_is_posted_with_the_secret_until_it_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses, secrets = [200, 503], list[str]()

    async def take(request: Request) -> Response:
        secrets.append(request.headers["x-telegram-bot-api-secret-token"])
        return Response(status_code=statuses.pop() if statuses else 500)

    async with (
        TelegramPeer(token=TOKEN, secret_token="s") as peer,
        serve(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as url,
    ):
        await peer.deliver(peer.updates.text(Person(id=7), "Hi"), f"{url}/hook")
        assert secrets == ["s", "s"]
        monkeypatch.setattr("satark_testing.telegram.bot_api._POST_ATTEMPTS", 1)
        with pytest.raises(AssertionError, match="does not take it"):
            await peer.deliver(peer.updates.text(Person(id=7), "Hi"), f"{url}/hook")


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
