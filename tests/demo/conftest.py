"""A demo inside the test, and a visitor who uses its simulator as the page does."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from satark.demo.running import Demo
from satark.testing.whatsapp.citizen import receipt_in

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
ORIGIN = ("ख़ुद बताती है कि वह कहाँ", "where or when")
"""In the question whether the police may know where a file was made; asked where it was looked at in time."""
TOLD = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


class Visitor:
    """Somebody at the simulator's page."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = f"{url}/simulator"
        self.session = session
        self.state: dict[str, Any] = {}
        self.bubbles: dict[str, dict[str, Any]] = {}
        self.desks: dict[str, list[dict[str, Any]]] = {}
        self.typed: list[bool] = []
        self.line: dict[str, Any] = {}
        self.police: dict[str, Any] = {}
        self.medium = "whatsapp"
        self.leave: Callable[[], Awaitable[None]]
        self._changed = asyncio.Condition()

    async def listen(self) -> None:
        """Follow the page's events until they end."""
        async with self.session.get(f"{self.url}/events") as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    await self._take(json.loads(line[6:]))

    async def _take(self, event: dict[str, Any]) -> None:
        if event["what"] == "state":
            self.state = event
            self.desks = event["desks"]
            self.police = event["police"]
            chats = [chat for phone in event["phones"] for chat in phone["chats"].values()]
            self.bubbles = {bubble["id"]: bubble for chat in chats for bubble in chat["bubbles"]}
        elif event["what"] == "bubble":
            self.bubbles[event["bubble"]["id"]] = event["bubble"]
        elif event["what"] == "desks":
            self.desks = event["desks"]
        elif event["what"] == "police":
            self.police = event["police"]
        elif event["what"] == "typing":
            self.typed.append(event["typing"])
        elif event["what"] == "line":
            self.line = event["line"]
        async with self._changed:
            self._changed.notify_all()

    async def until(self, is_so: Callable[[], Any]) -> Any:
        """Wait until something is so; give what it is."""
        async with asyncio.timeout(30), self._changed:
            return await self._changed.wait_for(is_so)

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What the bot said, in order."""
        return [bubble for bubble in self.bubbles.values() if not bubble["mine"]]

    async def answered(self, doing: Awaitable[int]) -> dict[str, Any]:
        """Do something, and wait for the bot's answer to it."""
        before = len(self.heard)
        assert await doing == 204
        await self.until(lambda: len(self.heard) > before)
        return self.heard[-1]

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> int:
        """Post to the simulator; give the HTTP status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = SAME_ORIGIN if headers is None else headers
        async with self.session.post(self.url + path, data=data, headers=given) as answer:
            return answer.status

    async def act(self, act: str, phone: str = "1", **values: Any) -> int:
        """Do something with a phone's medium."""
        return await self.post(f"/phones/{phone}/{self.medium}", {"act": act, **values})

    async def tap(self, label: str, **values: Any) -> int:
        """Tap what the newest message with offers offers under a label."""
        message = next(bubble for bubble in reversed(self.heard) if bubble.get("offers"))
        token = next(offer["token"] for offer in message["offers"] if offer["label"] == label)
        return await self.act("tap", message=message["id"], token=token, **values)

    async def send(self, data: bytes, mime: str, query: str = "name=IMG_2041.jpg") -> int:
        """Send a file."""
        return await self.post(f"/phones/1/{self.medium}/files?{query}", data, {**SAME_ORIGIN, "Content-Type": mime})

    async def get(self, path: str) -> Any:
        """Get JSON."""
        async with self.session.get(self.url + path, raise_for_status=True) as answer:
            return await answer.json()

    async def fetch(self, path: str) -> tuple[int, bytes]:
        """Get anything: HTTP status and body."""
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.read()

    async def all_sent(self, done: Awaitable[int], no: str, **values: Any) -> None:
        """Say that all files are sent; where one tells of its place, have that removed."""
        asked = await self.answered(done)
        if any(words in asked["text"] for words in ORIGIN):
            await self.answered(self.act("say", text=no, **values))

    async def file_tip(self, photo: bytes, *, twice: bool = False) -> str:
        """Report illegal liquor at Assi Ghat in Hindi, with a photo; give the receipt's code."""
        pin = {"latitude": 25.28918, "longitude": 83.00666, "name": "अस्सी घाट"}
        await self.answered(self.act("say", text="Hi", twice=twice))
        await self.answered(self.tap("हिन्दी", twice=twice))
        await self.answered(self.tap("अवैध शराब / नशा", twice=twice))
        await self.answered(self.act("say", text=TOLD, twice=twice))
        await self.answered(self.act("pin", pin=pin, twice=twice))
        await self.answered(self.tap("नहीं", twice=twice))
        await self.answered(self.send(photo, "image/jpeg", "name=a.jpg&caption=गली" + "&twice" * twice))
        await self.all_sent(self.tap("हो गया", twice=twice), "नहीं", twice=twice)
        receipt = await self.answered(self.tap("हाँ, भेज दें", twice=twice))
        return receipt_in(receipt["text"])


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[str]:
    ready = asyncio.Event()

    def hear(line: str) -> None:
        if line.endswith("ready"):
            ready.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        demo = Demo(folder, listening, hear)
        task = asyncio.create_task(demo.run())
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            if task.done():
                await task
            yield demo.url
        finally:
            demo.stop()
            await task


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to stand in, none of our environment variables, and passphrases stretched in no time."""
    monkeypatch.setattr("satark_desk.keys.MEMORY_KIB", 64)
    monkeypatch.setattr("satark_desk.keys.PASSES", 1)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SATARK_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def open_demo(no_settings: None) -> AsyncIterator[Callable[[Path], Awaitable[Visitor]]]:
    """Start a demo in a folder; give a visitor at its page. Closed with the test."""
    async with AsyncExitStack() as every:

        async def open_(folder: Path) -> Visitor:
            stack = await every.enter_async_context(AsyncExitStack())
            url = await stack.enter_async_context(_running(folder))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            visitor = Visitor(url, session)
            listening = asyncio.create_task(visitor.listen())
            stack.callback(listening.cancel)
            visitor.leave = stack.aclose
            await visitor.until(lambda: visitor.state)
            return visitor

        yield open_
