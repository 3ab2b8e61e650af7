"""The simulator's HTTP interface works with the real webhook endpoint and a simulated Meta."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_demo.simulator import EventStream

Open = Callable[[Path], Awaitable[Any]]


async def test_an_action_that_a_phone_does_not_support_is_refused(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    photo = next(id_ for id_, message in visitor.messages.items() if message.get("kind") == "image")
    assert await visitor.perform("tap", message_id=visitor.received[0]["id"], token="no such") == 404
    assert await visitor.perform("tap", message_id="no such", token="x") == 404
    assert await visitor.perform("edit", message_id=photo, text="x") == 404
    assert await visitor.perform("revoke", message_id=visitor.received[0]["id"]) == 404
    assert await visitor.perform("say", phone="99", text="x") == 404
    assert await visitor.perform("dance") == 400
    assert await visitor.post("/phones/1/whatsapp", b"{") == 400
    assert await visitor.post("/phones/1/whatsapp", b"x" * 70_000) == 413
    assert await visitor.post("/readings", {"step": "review", "lines": "send it"}) == 200
    assert await visitor.post("/readings", {"step": "nothing", "lines": "send it"}) == 400
    assert await visitor.post("/readings", {"step": "review", "lines": 3}) == 400
    assert [one["text"] for one in visitor.readings] == ["Hi"]


async def test_a_page_of_another_origin_cannot_use_the_phones(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    say = {"action": "say", "text": "Hi"}
    assert await visitor.post("/phones/1/whatsapp", say, {"Sec-Fetch-Site": "cross-site"}) == 403
    assert await visitor.post("/phones/1/whatsapp", say, {"Origin": "http://elsewhere.example"}) == 403
    assert visitor.messages == {}


async def test_the_page_has_strict_headers_and_loads_nothing_from_other_hosts(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    async with visitor.session.get(visitor.url) as page:
        html = await page.text()
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "http:" not in html
    assert "https:" not in html
    for name in ("main.js", "page.css", "wallpaper.svg"):
        async with visitor.session.get(f"{visitor.url}/static/{name}") as part:
            assert (part.status, part.headers["X-Content-Type-Options"]) == (200, "nosniff")
    status, photo = await visitor.fetch("/static/samples/pickup.jpg")
    assert (status, photo[:2]) == (200, b"\xff\xd8")
    labels = await visitor.get("/labels")
    assert (labels["hi"]["category.INTOX"], labels["en"]["unit.lanka"]) == ("अवैध शराब / नशा", "Lanka")


async def test_an_uploaded_file_is_never_shown_as_a_page(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.send(b"<script>alert(1)</script>", "text/html")
    [sent] = [id_ for id_, message in visitor.messages.items() if message["mine"]]
    async with visitor.session.get(f"{visitor.url}/phones/1/whatsapp/files/{sent}") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")


async def test_at_most_twenty_phones_can_be_added(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    assert [await visitor.post("/phones", b"") for _ in range(19)] == [200] * 18 + [409]
    assert await visitor.perform("say", phone="20", text="Hi") == 204


async def test_a_page_that_does_not_read_is_disconnected() -> None:
    events = EventStream()
    chunks = events.listen({"type": "state"})
    assert await anext(chunks) == b'data: {"type":"state"}\n\n'
    assert events.has_listeners is True
    for number in range(1001):
        events.publish({"number": number})
    assert len([chunk async for chunk in chunks]) == 999
    assert events.has_listeners is False


async def test_an_idle_stream_sends_keep_alives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark_demo.simulator._KEEPALIVE_SECONDS", 0.01)
    events = EventStream()
    chunks = events.listen({})
    await anext(chunks)
    assert await anext(chunks) == b": keep-alive\n\n"
    events.close()
    assert [chunk async for chunk in chunks] == []


async def test_closing_the_stream_ends_every_connection() -> None:
    events = EventStream()
    chunks = events.listen({})
    await anext(chunks)
    events.close()
    assert [chunk async for chunk in chunks] == []
    assert [chunk async for chunk in events.listen({})] == [b"data: {}\n\n"]
