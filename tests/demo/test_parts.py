"""The demo's small parts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.demo import samples, thief
from satark.demo.account import keep_accounts
from satark.demo.feed import Feed
from satark.demo.traces import traces
from satark.demo.whatsapp import WhatsAppChat
from satark.testing.whatsapp.graph_api import GraphPeer


def test_accounts_are_made_once_and_show_nothing(tmp_path: Path) -> None:
    accounts = keep_accounts(tmp_path / "demo.json")
    assert keep_accounts(tmp_path / "demo.json") == accounts
    others = keep_accounts(tmp_path / "other.json")
    for name in ("whatsapp", "telegram", "twilio"):
        account = getattr(accounts, name)
        section = account.section("http://127.0.0.1:1")
        assert "http://127.0.0.1:1" in section.values()
        assert account != getattr(others, name)
        assert not [value for value in section.values() if value in repr(account) + repr(accounts)]


def test_samples_tell_of_their_owner() -> None:
    for name in samples.names():
        assert traces(samples.photograph(name)) == (
            "GPS 25.28917, 83.00694",
            "DT-9 of Ramesh",
            "Ramesh, Assi",
            "2026:11:20 22:41:07",
            "SN-4471-0925",
        )


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe1\x00\x08Exif\x00\x00", b"plain"])
def test_a_broken_picture_has_no_traces(data: bytes) -> None:
    assert traces(data) == ()


@given(st.binary(max_size=9), st.text(min_size=4, max_size=20), st.binary(max_size=9))
def test_words_are_found_in_base64_wherever_they_start(before: bytes, words: str, after: bytes) -> None:
    hidden = base64.b64encode(before + words.encode() + after)
    assert any(form in hidden for form in thief.forms(words))


def test_a_search_reads_every_file_but_the_demo_s_own(tmp_path: Path) -> None:
    (tmp_path / "officers").mkdir()
    (tmp_path / "officers" / "sp.txt").write_text("919999900001")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "log").write_text(f"{hashlib.sha256(b'919999900001').hexdigest()} 919999900001")
    assert thief.search(tmp_path, "919999900001") == {"files": 1, "bytes": 77, "found": 2}


async def test_a_listener_who_does_not_listen_is_let_go() -> None:
    feed = Feed()
    lines = feed.listen({"what": "state"})
    assert await anext(lines) == b'data: {"what":"state"}\n\n'
    assert feed.heard is True
    for number in range(1001):
        feed.publish({"number": number})
    assert len([line async for line in lines]) == 999
    assert feed.heard is False


async def test_a_quiet_feed_sends_a_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.demo.feed._PULSE_SECONDS", 0.01)
    feed = Feed()
    lines = feed.listen({})
    await anext(lines)
    assert await anext(lines) == b": still here\n\n"
    feed.close()
    assert [line async for line in lines] == []


async def test_a_closed_feed_ends_its_streams() -> None:
    feed = Feed()
    lines = feed.listen({})
    await anext(lines)
    feed.close()
    assert [line async for line in lines] == []
    assert [line async for line in feed.listen({})] == [b"data: {}\n\n"]


def _phone(hear: Callable[[dict[str, object]], None] = lambda _: None) -> tuple[WhatsAppChat, GraphPeer]:
    peer = GraphPeer(app_secret="s", verify_token="v", access_token="t", phone_number_id="1")
    return WhatsAppChat(1, peer, "http://127.0.0.1:9", hear), peer


async def test_a_message_that_nobody_takes_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.demo.chat.ATTEMPTS", 2)
    phone, peer = _phone()
    await phone.say("Hi", twice=False)
    await peer.close()
    [bubble] = phone.bubbles.values()
    assert bubble.ticks == "failed"
    assert "Hi" not in repr(bubble)


async def test_typing_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.demo.chat.ATTEMPTS", 0)
    monkeypatch.setattr("satark.demo.chat.Chat.typing_seconds", 0.01)
    events: list[dict[str, object]] = []
    over = asyncio.Event()

    def hear(event: dict[str, object]) -> None:
        events.append(event)
        if event.get("typing") is False:
            over.set()

    phone, peer = _phone(hear)
    await phone.say("Hi", twice=False)
    [message] = phone.bubbles
    for read in ("somebody else's", message, message):
        for callback in peer._receipt_callbacks:
            callback({"message_id": read, "typing_indicator": {"type": "text"}})
    async with asyncio.timeout(5):
        await over.wait()
    assert [event["typing"] for event in events if event["what"] == "typing"] == [True, False]
