"""Stream a request's body until it ends or the connection is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request


async def body_chunks(request: Request, stall_seconds: float) -> AsyncGenerator[bytes, None]:
    """Yield the body's chunks. Ends early if the connection is lost, or idle for so many seconds."""
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(stall_seconds):
                    chunk = await anext(stream)
            except (StopAsyncIteration, ClientDisconnect, TimeoutError):
                return
            yield chunk
