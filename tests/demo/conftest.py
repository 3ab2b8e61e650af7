"""A demo in the test's process, and a client that uses the simulator as its page does."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from satark_demo.server import DemoServer
from satark_testing.waiting import limit
from satark_testing.whatsapp.citizen import receipt_in

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
ORIGIN = ("में छिपा है कि वह कहाँ", "where or when")
"""Parts of the question whether the police may know the place of a file."""
WHAT = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


class Visitor:
    """A client of the simulator. Like the page, it follows the events and posts actions."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = f"{url}/simulator"
        self.session = session
        self.state: dict[str, Any] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.desks: dict[str, list[dict[str, Any]]] = {}
        self.typing_events: list[bool] = []
        self.readings: list[dict[str, Any]] = []
        self.call: dict[str, Any] = {}
        self.police: dict[str, Any] = {}
        self.medium = "whatsapp"
        self.leave: Callable[[], Awaitable[None]]
        self._changed = asyncio.Condition()

    async def listen(self) -> None:
        """Follow the events until the stream ends."""
        async with self.session.get(f"{self.url}/events") as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    await self._apply(json.loads(line[6:]))

    async def _apply(self, event: dict[str, Any]) -> None:
        if event["type"] == "state":
            self.state = event
            self.desks = event["desks"]
            self.police = event["police"]
            chats = [chat for phone in event["phones"] for chat in phone["chats"].values()]
            self.messages = {message["id"]: message for chat in chats for message in chat["messages"]}
        elif event["type"] == "message":
            self.messages[event["message"]["id"]] = event["message"]
        elif event["type"] == "desks":
            self.desks = event["desks"]
        elif event["type"] == "police":
            self.police = event["police"]
        elif event["type"] == "reading":
            self.readings.append(event["reading"])
        elif event["type"] == "typing":
            self.typing_events.append(event["typing"])
        elif event["type"] == "call":
            self.call = event["call"]
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until a condition holds; return its value."""
        async with limit(), self._changed:
            return await self._changed.wait_for(condition)

    @property
    def received(self) -> list[dict[str, Any]]:
        """The service's messages, in order."""
        return [message for message in self.messages.values() if not message["mine"]]

    async def answered(self, action: Awaitable[int]) -> dict[str, Any]:
        """Perform an action, then wait for the service's answer and return it."""
        before = len(self.received)
        assert await action == 204
        await self.until(lambda: len(self.received) > before)
        return self.received[-1]

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> int:
        """Post to the simulator; return the HTTP status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = SAME_ORIGIN if headers is None else headers
        async with self.session.post(self.url + path, data=data, headers=given) as answer:
            return answer.status

    async def perform(self, action: str, phone: str = "1", **values: Any) -> int:
        """Carry out an action on a phone."""
        return await self.post(f"/phones/{phone}/{self.medium}", {"action": action, **values})

    async def tap(self, label: str, **values: Any) -> int:
        """Tap the button or row with this label, in the newest message that has any."""
        message = next(message for message in reversed(self.received) if message.get("offers"))
        token = next(offer["token"] for offer in message["offers"] if offer["label"] == label)
        return await self.perform("tap", message_id=message["id"], token=token, **values)

    async def send(self, data: bytes, mime: str, query: str = "name=IMG_2041.jpg") -> int:
        """Send a file."""
        return await self.post(f"/phones/1/{self.medium}/files?{query}", data, {**SAME_ORIGIN, "Content-Type": mime})

    async def get(self, path: str) -> Any:
        """Get JSON."""
        async with self.session.get(self.url + path, raise_for_status=True) as answer:
            return await answer.json()

    async def fetch(self, path: str) -> tuple[int, bytes]:
        """Get any resource; return the HTTP status and body."""
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.read()

    async def finish_files(self, done: Awaitable[int], no: str, **values: Any) -> bool:
        """Say that all files are sent. If one that was examined by then holds its place, have that removed.

        Returns:
            Whether it was asked.
        """
        asked = await self.answered(done)
        is_asked = any(words in asked["text"] for words in ORIGIN)
        if is_asked:
            await self.answered(self.perform("say", text=no, **values))
        return is_asked

    async def hand_in(self, send: Callable[[], Awaitable[int]], no: str, **values: Any) -> None:
        """Send the tip, once more if a question about a file came between."""
        if await self.finish_files(send(), no, **values):
            await self.answered(send())

    async def listed(self, *, files: int = 1) -> list[dict[str, Any]]:
        """Wait until both desks have one tip with at least `files` files; return the tip as each desk lists it."""
        await self.until(lambda: all(len(tips) == 1 and tips[0]["files"] >= files for tips in self.desks.values()))
        return [self.desks[desk][0] for desk in ("sp", "dig")]

    async def file_tip(self, photo: bytes, *, twice: bool = False) -> str:
        """Report illegal liquor at Assi Ghat in Hindi, with a photo; return the receipt code."""
        pin = {"latitude": 25.28918, "longitude": 83.00666, "name": "अस्सी घाट"}
        await self.answered(self.perform("say", text="Hi", twice=twice))
        await self.answered(self.tap("हिन्दी", twice=twice))
        await self.answered(self.tap("अवैध शराब / नशा", twice=twice))
        await self.answered(self.perform("say", text=WHAT, twice=twice))
        await self.answered(self.perform("pin", pin=pin, twice=twice))
        await self.answered(self.tap("नहीं", twice=twice))
        await self.answered(self.send(photo, "image/jpeg", "name=a.jpg&caption=गली" + "&twice" * twice))
        await self.finish_files(self.tap("हो गया", twice=twice), "नहीं", twice=twice)
        await self.hand_in(lambda: self.tap("हाँ, भेज दें", twice=twice), "नहीं", twice=twice)
        code = receipt_in(self.received[-1]["text"])
        assert code, "no receipt was given"
        return code


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[str]:
    ready = asyncio.Event()

    def say(line: str) -> None:
        if line.endswith("ready"):
            ready.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        demo = DemoServer(folder, listening, say)
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
async def open_demo(no_settings: None) -> AsyncIterator[Callable[[Path], Awaitable[Visitor]]]:
    """Start a demo in a folder and return a client of its simulator; both are closed with the test."""
    async with AsyncExitStack() as demos:

        async def open_(folder: Path) -> Visitor:
            stack = await demos.enter_async_context(AsyncExitStack())
            url = await stack.enter_async_context(_running(folder))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            visitor = Visitor(url, session)
            listening = asyncio.create_task(visitor.listen())
            stack.callback(listening.cancel)
            visitor.leave = stack.aclose
            await visitor.until(lambda: visitor.state)
            return visitor

        yield open_
