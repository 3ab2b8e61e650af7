"""Providers without settings are simulated, and webhooks are signed for the public address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo.providers import load_or_make_accounts

Open = Callable[[Path], Awaitable[Any]]


@pytest.mark.parametrize(
    ("section", "settings", "left"),
    [
        (
            "TELEGRAM",
            {"TOKEN": "123456:from-the-environment", "SECRET_TOKEN": "from-us-too", "API_URL": "http://127.0.0.1:9"},
            ["whatsapp", "whatsapp_call", "sms", "voice"],
        ),
        (
            "TWILIO",
            {
                "ACCOUNT_SID": "AC1",
                "AUTH_TOKEN": "from-the-environment",
                "NUMBER": "+15550100199",
                "API_URL": "http://127.0.0.1:9",
            },
            ["whatsapp", "whatsapp_call", "telegram"],
        ),
    ],
)
async def test_settings_given_for_a_provider_replace_its_simulator(
    *,
    open_demo: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    section: str,
    settings: dict[str, str],
    left: list[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"SATARK_{section}__{name}", value)
    visitor = await open_demo(tmp_path / "d")
    assert [list(phone["chats"]) for phone in visitor.state["phones"]] == [left] * 2


async def test_settings_given_for_whatsapp_replace_the_simulator(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN"):
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", "from-the-environment")
    monkeypatch.setenv("SATARK_WHATSAPP__PHONE_NUMBER_ID", "4711")
    monkeypatch.setenv("SATARK_WHATSAPP__GRAPH_URL", "http://127.0.0.1:9")
    visitor = await open_demo(tmp_path / "d")
    assert [list(phone["chats"]) for phone in visitor.state["phones"]] == [["telegram", "sms", "voice"]] * 2
    assert await visitor.perform("say", text="Hi") == 404
    hook = f"{visitor.url.removesuffix('/simulator')}/whatsapp/webhook"
    asked = {"hub.mode": "subscribe", "hub.challenge": "77", "hub.verify_token": "from-the-environment"}
    async with visitor.session.get(hook, params=asked) as answer:
        assert (answer.status, await answer.text()) == (200, "77")


async def test_webhooks_are_signed_for_the_public_address_and_posted_to_the_demo(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://tips.example/")
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "sms"
    assert "Choose a language" in (await visitor.answered(visitor.perform("say", text="Hi")))["text"]
    visitor.medium = "voice"
    await visitor.answered(visitor.perform("dial"))
    assert "What is this about" in (await visitor.answered(visitor.perform("press", keys="2")))["text"]
    visitor.medium = "telegram"
    await visitor.answered(visitor.perform("say", text="/start"))


def test_accounts_are_made_once_and_their_repr_shows_no_secret(tmp_path: Path) -> None:
    accounts = load_or_make_accounts(tmp_path / "demo.json")
    assert load_or_make_accounts(tmp_path / "demo.json") == accounts
    others = load_or_make_accounts(tmp_path / "other.json")
    for name, account in accounts.fields.items():
        assert account != others.fields[name]
        assert not [value for value in account.values() if value in repr(accounts)]
