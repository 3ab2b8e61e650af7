"""Stream a request's body until it ends or the connection is lost."""

import asyncio
from typing import Self

from starlette.requests import Request


class BodyChunks:
    """The chunks of a body. They end early if the connection is lost or idle for too long.

    This is an object, not a generator: if a wait for a chunk is cancelled, the caller can wait for that chunk again.
    """

    def __init__(self, request: Request, stall_seconds: float) -> None:
        self._receive = request.receive
        self._stall_seconds = stall_seconds
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk that is not empty."""
        while not self._ended:
            try:
                async with asyncio.timeout(self._stall_seconds):
                    message = await self._receive()
            except TimeoutError:
                break
            self._ended = message["type"] != "http.request" or not message.get("more_body", False)
            if chunk := bytes(message.get("body", b"")):
                return chunk
        self._ended = True
        raise StopAsyncIteration
