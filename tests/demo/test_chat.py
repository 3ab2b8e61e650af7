"""A phone's chat marks messages that are not accepted, and hides "typing…"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from satark_demo.whatsapp import WhatsAppChat
from satark_testing.waiting import limit
from satark_testing.whatsapp.graph_api import GraphPeer


def _phone(publish: Callable[[dict[str, object]], None] = lambda _: None) -> tuple[WhatsAppChat, GraphPeer]:
    peer = GraphPeer(app_secret="s" * 8, verify_token="v" * 8, access_token="t" * 8, phone_number_id="1")
    return WhatsAppChat(1, peer, "http://127.0.0.1:9", publish), peer


@pytest.mark.slow("half a second of a processor")
async def test_the_page_marks_a_message_that_the_service_never_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark_demo.chat.ATTEMPTS", 2)
    phone, peer = _phone()
    await phone.say("Hi", twice=False)
    await peer.close()
    [message] = phone.messages.values()
    assert message.ticks == "failed"
    assert "Hi" not in repr(message)


async def test_the_typing_indicator_disappears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark_demo.chat.ATTEMPTS", 0)
    monkeypatch.setattr("satark_demo.chat.Chat.typing_seconds", 0.01)
    events: list[dict[str, object]] = []
    over = asyncio.Event()

    def publish(event: dict[str, object]) -> None:
        events.append(event)
        if event.get("typing") is False:
            over.set()

    phone, peer = _phone(publish)
    await phone.say("Hi", twice=False)
    [message] = phone.messages
    for message_id in ("somebody else's", message, message):
        for callback in peer._receipt_callbacks:
            callback({"message_id": message_id, "typing_indicator": {"type": "text"}})
    async with limit():
        await over.wait()
    assert [event["typing"] for event in events if event["type"] == "typing"] == [True, False]
