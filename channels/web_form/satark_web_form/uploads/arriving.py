"""A request's body as it comes, for as long as the connection holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request


async def arriving(request: Request, stall_seconds: float) -> AsyncGenerator[bytes, None]:
    """The body's pieces; where the connection is lost, or brings nothing for so many seconds, it just ends."""
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(stall_seconds):
                    piece = await anext(stream)
            except (StopAsyncIteration, ClientDisconnect, TimeoutError):
                return
            yield piece
