"""The simulator's Telegram: the real channel with the simulated Bot API, used as the page uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from satark_demo import samples
from satark_testing.whatsapp.citizen import receipt_in

Open = Callable[[Path], Awaitable[Any]]


async def _desks_have(visitor: Any, count: int) -> None:
    """Wait until both desks have `count` tips."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [count, count])


def _newest(visitor: Any, text: str = "") -> dict[str, Any]:
    """Return the citizen's newest message that contains `text`."""
    mine: list[dict[str, Any]] = [
        message for message in visitor.messages.values() if message["mine"] and text in message.get("text", "")
    ]
    return mine[-1]


async def test_a_telegram_tip_uses_keyboards_and_the_command_menu(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "telegram"
    await visitor.answered(visitor.perform("say", text="/start"))
    asked = visitor.received[-1]
    await visitor.answered(visitor.tap("English"))
    await visitor.until(lambda: not visitor.messages[asked["id"]].get("offers"))  # the bot takes the keyboard away
    await visitor.answered(visitor.tap("Illegal liquor / drugs"))
    assert visitor.received[-2]["rows"][:3] == [1, 1, 1]
    await visitor.answered(visitor.perform("say", text="sold behind the ghat"))
    sent = _newest(visitor, "sold")
    await visitor.answered(visitor.perform("edit", message_id=sent["id"], text="sold behind the ghat at night"))
    await visitor.answered(
        visitor.perform("pin", pin={"latitude": 25.28918, "longitude": 83.00666, "name": "Assi Ghat"})
    )
    await visitor.answered(visitor.tap("No"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg", "caption=van"))
    assert _newest(visitor, "van")["metadata"]
    await visitor.finish_files(visitor.perform("say", text="done"), "no")
    await visitor.hand_in(lambda: visitor.tap("Yes, send"), "no")
    receipt = visitor.received[-1]
    assert len(receipt_in(receipt["text"])) == 16
    await _desks_have(visitor, 1)
    await visitor.until(lambda: visitor.desks["sp"][0]["files"] == 1)
    tip = await visitor.get(f"/desks/sp/{visitor.desks['sp'][0]['number']}")
    assert tip["answers"]["what"] == "sold behind the ghat at night"
    assert tip["files"][0]["metadata"] == []
    assert await visitor.perform("tap", message_id=receipt["id"], token="no such") == 404
    assert await visitor.perform("tap", message_id="no such", token="x") == 404
    assert await visitor.perform("revoke", message_id=sent["id"]) == 409


async def test_the_bot_has_a_menu_and_answers_a_repeated_update_once(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "telegram"
    await visitor.answered(visitor.perform("say", text="Hi", twice=True))
    assert len(visitor.received) == 1
    async with visitor.session.get(f"{visitor.url}/events") as again:
        assert b'"help":"' in await again.content.readline()
