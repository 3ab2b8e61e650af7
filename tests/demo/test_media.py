"""Telegram, text messages and the call on the simulator: shipped peers and real channels, as the page uses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark.demo import samples
from satark.testing.twilio.people import code_in
from satark.testing.whatsapp.citizen import receipt_in

CALL = {"यह सही है": "1", "किस थाने": "1", "मिलीभगत": "2"}
"""Keys by what is heard."""

Open = Callable[[Path], Awaitable[Any]]


async def desks_have(visitor: Any, count: int) -> None:
    """Wait until both desks have so many tips."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [count, count])


def newest(visitor: Any, text: str = "") -> dict[str, Any]:
    """Give the newest bubble of the person's own."""
    mine: list[dict[str, Any]] = [
        bubble for bubble in visitor.bubbles.values() if bubble["mine"] and text in bubble.get("text", "")
    ]
    return mine[-1]


async def test_a_tip_by_telegram_with_its_keyboards_and_menu(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "telegram"
    await visitor.answered(visitor.act("say", text="/start"))
    asked = visitor.heard[-1]
    await visitor.answered(visitor.tap("English"))
    await visitor.until(lambda: not visitor.bubbles[asked["id"]].get("offers"))  # the bot takes the keyboard away
    await visitor.answered(visitor.tap("Illegal liquor / drugs"))
    assert visitor.heard[-2]["rows"][:3] == [1, 1, 1]
    await visitor.answered(visitor.act("say", text="sold behind the ghat"))
    told = newest(visitor, "sold")
    await visitor.answered(visitor.act("edit", message=told["id"], text="sold behind the ghat at night"))
    await visitor.answered(visitor.act("pin", pin={"latitude": 25.28918, "longitude": 83.00666, "name": "Assi Ghat"}))
    await visitor.answered(visitor.tap("No"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg", "caption=van"))
    assert newest(visitor, "van")["traces"]
    await visitor.all_sent(visitor.act("say", text="done"), "no")
    receipt = await visitor.answered(visitor.tap("Yes, send"))
    assert len(receipt_in(receipt["text"])) == 16
    await desks_have(visitor, 1)
    await visitor.until(lambda: visitor.desks["sp"][0]["files"] == 1)
    tip = await visitor.get(f"/desks/sp/{visitor.desks['sp'][0]['number']}")
    assert tip["answers"]["what"] == "sold behind the ghat at night"
    assert tip["files"][0]["traces"] == []
    assert await visitor.act("tap", message=receipt["id"], token="no such") == 404
    assert await visitor.act("tap", message="no such", token="x") == 404
    assert await visitor.act("revoke", message=told["id"]) == 409


async def test_the_bots_menu_is_there_and_an_update_that_comes_twice_is_answered_once(
    open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "telegram"
    await visitor.answered(visitor.act("say", text="Hi", twice=True))
    assert len(visitor.heard) == 1
    async with visitor.session.get(f"{visitor.url}/events") as again:
        assert b'"help":"' in await again.content.readline()


@pytest.mark.parametrize("twice", [False, True])
async def test_a_tip_by_text_message(open_demo: Open, tmp_path: Path, *, twice: bool) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "sms"
    for text in ("Hi", "2", "3", "They sell arms there", "Lanka", "No"):
        await visitor.answered(visitor.act("say", text=text, twice=twice))
    await visitor.answered(visitor.send(samples.photograph("bottles"), "image/jpeg", "name=a.jpg"))
    await visitor.all_sent(visitor.act("say", text="done"), "no")
    await visitor.all_sent(visitor.act("say", text="1"), "no")
    assert len(code_in(visitor.heard[-1]["text"])) == 16
    assert len(visitor.heard) == len([bubble for bubble in visitor.bubbles.values() if bubble["mine"]])
    await desks_have(visitor, 1)
    await visitor.until(lambda: visitor.desks["dig"][0]["files"] == 1)
    assert {bubble["ticks"] for bubble in visitor.bubbles.values() if bubble["mine"]} == {"delivered"}
    assert await visitor.act("pin", pin={"latitude": 25.3, "longitude": 83.0}) == 409
    assert await visitor.act("dial") == 409


async def test_a_tip_by_call_with_keys_and_a_voice(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "voice"
    assert await visitor.act("press", keys="1") == 409
    await visitor.answered(visitor.act("dial"))
    assert visitor.line == {"on": True, "keys": 1, "beep": False}
    assert await visitor.send(samples.spoken(), "audio/wav", "voice") == 409  # nobody listens to a voice now
    await visitor.answered(visitor.act("press", keys="1"))
    await visitor.answered(visitor.act("press", keys=""))  # says nothing: the question comes again
    await visitor.answered(visitor.act("press", keys="3"))
    assert visitor.line["beep"]
    await visitor.answered(visitor.send(samples.spoken(), "audio/wav", "voice"))
    await visitor.answered(visitor.send(samples.spoken(), "audio/wav", "voice"))
    for _ in range(12):
        if code_in(heard := visitor.heard[-1]["text"]):
            break
        key = next((key for asked, key in CALL.items() if asked in heard), "8")
        await visitor.answered(visitor.act("press", keys=key))
    assert len(code_in(visitor.heard[-1]["text"])) == 16
    await desks_have(visitor, 1)
    await visitor.until(lambda: visitor.desks["sp"][0]["files"] == 2)
    assert await visitor.act("hang_up") == 204
    await visitor.until(lambda: not visitor.line["on"])
    spoken = [id_ for id_, bubble in visitor.bubbles.items() if bubble.get("kind") == "voice"]
    assert (await visitor.fetch(f"/phones/1/voice/files/{spoken[0]}"))[1] == samples.spoken()
    for keys in ("abc", "1" * 21, "12\n"):
        assert await visitor.act("press", keys=keys) == 400


async def test_a_receipts_code_is_waited_for_whole(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "voice"
    await visitor.answered(visitor.act("dial"))
    await visitor.answered(visitor.act("press", keys="2"))
    await visitor.answered(visitor.act("press", keys="0"))
    assert visitor.line["keys"] == 16
    await visitor.answered(visitor.act("press", keys="1234567812345678#"))
    assert visitor.line["on"]


@pytest.mark.parametrize(
    ("section", "settings", "left"),
    [
        (
            "TELEGRAM",
            {"TOKEN": "123456:from-the-environment", "SECRET_TOKEN": "x", "API_URL": "http://127.0.0.1:9"},
            ["whatsapp", "sms", "voice"],
        ),
        (
            "TWILIO",
            {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "x", "NUMBER": "+15550100199", "API_URL": "http://127.0.0.1:9"},
            ["whatsapp", "telegram"],
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


async def test_a_public_address_is_signed_for_and_the_demo_called(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://tips.example/")
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "sms"
    assert "Choose a language" in (await visitor.answered(visitor.act("say", text="Hi")))["text"]
    visitor.medium = "voice"
    await visitor.answered(visitor.act("dial"))
    assert "What is this about" in (await visitor.answered(visitor.act("press", keys="2")))["text"]
    visitor.medium = "telegram"
    await visitor.answered(visitor.act("say", text="/start"))
