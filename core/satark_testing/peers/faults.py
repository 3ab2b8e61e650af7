"""Faults of a simulated provider, on demand: scripted answers, closed connections, delays."""

import asyncio
from collections import deque
from typing import ClassVar, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ANY: Final = "*"
"""Stands for every operation."""


class ScriptedFaults:
    """The scripted faults of a provider, by operation. Each request uses up one fault, in order."""

    usual: ClassVar[str] = ANY
    """The operation that fails if none is named."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Delay in seconds before every answer."""
        self._waiting: dict[str, deque[Response]] = {}

    def answer_next(self, response: Response, times: int = 1, *, on: str = "") -> None:
        """Answer the next requests of an operation with this response: broken JSON, a proxy's page, a redirect."""
        self._waiting.setdefault(on or self.usual, deque()).extend([response] * times)

    def hang_up_next(self, times: int = 1, *, on: str = "") -> None:
        """Close the connection in the middle of the next answers of an operation."""
        self.answer_next(CutAnswer(), times, on=on)

    async def next(self, operation: str) -> Response | None:
        """Wait for the delay, then return the next scripted response; None if there is none."""
        if self.delay:
            await asyncio.sleep(self.delay)
        queue = self._waiting.get(operation) or self._waiting.get(ANY)
        return queue.popleft() if queue else None


class CutAnswer(Response):
    """A response that is shorter than announced: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and half of the announced body."""
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"messag', "more_body": True})
