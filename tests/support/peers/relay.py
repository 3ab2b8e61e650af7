"""A network between two machines that can be cut or fall silent: it carries bytes to a port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Listens on `port`. What is connected while it is cut is closed; what is connected while it is silent hangs."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._left = -1
        self.stalled = asyncio.Event()
        """Whether it fell silent by `stall`."""

    def stall(self, after: int) -> None:
        """Fall silent once so many more bytes were carried to the port, until `go_on`."""
        self._left = after
        self.stalled.clear()

    def go_on(self) -> None:
        """Carry again."""
        self._left = -1
        self._open.set()

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        """Refuse every connection during the block."""
        await self.stop()
        yield
        await self.start()

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[None]:
        """Accept connections and carry nothing during the block."""
        self._open.clear()
        yield
        self.go_on()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            with suppress(OSError):
                there, peer = await asyncio.open_connection("127.0.0.1", self._target)
                try:
                    ways = [
                        asyncio.create_task(self._carry(reader, peer, counts=True)),
                        asyncio.create_task(self._carry(there, writer)),
                    ]
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                    for way in ways:
                        way.cancel()
                finally:
                    peer.close()
        finally:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool = False) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                if counts and 0 <= self._left < len(data):
                    writer.write(data[: self._left])
                    data = data[self._left :]
                    self._open.clear()
                    self.stalled.set()
                    await self._open.wait()
                elif counts and self._left > 0:
                    self._left -= len(data)
                writer.write(data)
                await writer.drain()
