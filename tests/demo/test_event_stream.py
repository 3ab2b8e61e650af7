"""Server-sent events: slow pages are disconnected, idle pages get keep-alives, and closing ends all connections."""

from __future__ import annotations

import pytest

from satark_demo.event_stream import EventStream


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
    monkeypatch.setattr("satark_demo.event_stream._KEEPALIVE_SECONDS", 0.01)
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
