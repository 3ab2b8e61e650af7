"""WhatsApp on a simulated phone, through the real webhook and a simulated Meta."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_demo.messages import identifying_metadata

Open = Callable[[Path], Awaitable[Any]]


async def test_webhooks_posted_twice_cause_one_tip_and_one_answer_each(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("bottles"), twice=True)
    await visitor.listed()
    mine = [message for message in visitor.messages.values() if message["mine"]]
    assert len(visitor.received) == len(mine)


async def test_the_phone_shows_read_receipts_and_the_photos_metadata(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    hi, photo = [message for message in visitor.messages.values() if message["mine"]]
    await visitor.until(lambda: visitor.messages[photo["id"]]["ticks"] == "read")
    assert photo["metadata"][0] == "GPS 25.28917, 83.00694"
    status, data = await visitor.fetch(f"/phones/1/whatsapp/files/{photo['id']}")
    assert (status, identifying_metadata(data)) == (200, tuple(photo["metadata"]))
    assert (await visitor.fetch(f"/phones/1/whatsapp/files/{hi['id']}"))[0] == 404


FILES = [
    ("audio/ogg; codecs=opus", "voice", "voice"),
    ("audio/mpeg", "name=a.mp3", "audio"),
    ("video/mp4", "name=a.mp4", "video"),
    ("image/heic", "name=a.heic", "document"),
    ("application/pdf", "name=a.pdf&twice", "document"),
]


@pytest.mark.full("every kind of file")
async def test_the_service_answers_every_kind_of_file(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    for mime, query, _ in FILES:
        await visitor.answered(visitor.send(b"not really", mime, query))
    kinds = [message.get("kind", "text") for message in visitor.messages.values() if message["mine"]]
    assert kinds == ["text", *(kind for _, _, kind in FILES)]


async def test_a_message_can_be_edited_and_deleted(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.tap("English"))
    await visitor.answered(visitor.tap("Illegal mining"))
    await visitor.answered(visitor.perform("say", text="sand at nigth"))
    said = next(id_ for id_, message in visitor.messages.items() if message.get("text") == "sand at nigth")
    assert await visitor.perform("edit", message_id=said, text="sand at night") == 204
    assert (visitor.messages[said]["text"], visitor.messages[said]["edited"]) == ("sand at night", True)
    assert await visitor.perform("revoke", message_id=said) == 204
    assert visitor.messages[said]["deleted"]
    assert "text" not in visitor.messages[said]
    assert await visitor.perform("edit", message_id=said, text="again") == 404


async def test_without_its_package_nobody_calls_inside_whatsapp(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_demo.whatsapp.find_spec", lambda _: None)
    visitor = await open_demo(tmp_path / "d")
    assert {phone["chats"]["whatsapp_call"]["call"]["missing"] for phone in visitor.state["phones"]} == {"aiortc"}
    visitor.medium = "whatsapp_call"
    assert await visitor.perform("dial", offer="v=0") == 409
    assert await visitor.perform("hang_up") == 204


async def test_a_call_that_cannot_be_connected_ends_and_the_chat_shows_it(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "whatsapp_call"
    for _ in range(2):
        assert await visitor.perform("dial", offer="no offer") == 204
    await visitor.until(lambda: visitor.call["state"] == "over")
    calls = [message for message in visitor.messages.values() if message.get("kind") == "call"]
    assert calls
    assert all(message["text"] == "over" for message in calls)
