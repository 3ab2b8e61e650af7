"""What can go wrong at a simulated provider, on demand: scripted answers, cut connections, slowness."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import ClassVar, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ANY: Final = "*"
"""Stands for every operation."""


class ScriptedFaults:
    """The scripted failures of a provider by the operation that fails, taken one a request, in order."""

    usual: ClassVar[str] = ANY
    """The operation that fails where none is named."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that every request waits before it is answered."""
        self._waiting: dict[str, deque[Response]] = {}

    def answer_next(self, response: Response, times: int = 1, *, on: str = "") -> None:
        """Answer the next requests of an operation with this very response: broken JSON, a proxy's page, a redirect."""
        self._waiting.setdefault(on or self.usual, deque()).extend([response] * times)

    def hang_up_next(self, times: int = 1, *, on: str = "") -> None:
        """Cut the connection in the middle of the next answers of an operation."""
        self.answer_next(CutAnswer(), times, on=on)

    async def next(self, operation: str) -> Response | None:
        """Wait the delay, then return the next scripted response; None if there is none."""
        if self.delay:
            await asyncio.sleep(self.delay)
        queue = self._waiting.get(operation) or self._waiting.get(ANY)
        return queue.popleft() if queue else None


class CutAnswer(Response):
    """Promises a body and ends before it: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half of what it promises."""
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"messag', "more_body": True})
