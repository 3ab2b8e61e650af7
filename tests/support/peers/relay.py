"""A network between two machines that can be cut or fall silent: it carries bytes to a port or socket of this one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import cache


class Relay:
    """Listens on `port`. What is connected while it is cut is closed; what is connected while it is silent hangs.

    It works in a thread of its own, so that it carries on while a test waits for a command.
    """

    def __init__(self, target: int | str) -> None:
        self.port = 0
        self.stalled = threading.Event()
        """Whether it fell silent by `stall`."""
        self._target, self._left = target, -1
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where to connect by HTTP."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, at the same port as before."""
        await _in_its_thread(self._listen())

    async def stop(self) -> None:
        """Refuse connections, and end those that there are."""
        await _in_its_thread(self._close())

    def stall(self, after: int) -> None:
        """Fall silent once so many more bytes were carried to the port, until `go_on`."""
        self.stalled.clear()
        self._left = after

    def go_on(self) -> None:
        """Carry again."""
        self._left = -1
        _loop().call_soon_threadsafe(self._open.set)

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        """Refuse every connection during the block."""
        await self.stop()
        yield
        await self.start()

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[None]:
        """Accept connections and carry nothing during the block."""
        _loop().call_soon_threadsafe(self._open.clear)
        yield
        self.go_on()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            with suppress(OSError):
                target = self._target
                to_port, to_socket = asyncio.open_connection, asyncio.open_unix_connection
                there, peer = await (to_port("127.0.0.1", target) if isinstance(target, int) else to_socket(target))
                try:
                    await _first(self._carry(reader, peer, counts=True), self._carry(there, writer))
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


async def _first(*works: Coroutine[None, None, None]) -> None:
    """Wait until one of these ends; end the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


async def _in_its_thread(work: Coroutine[None, None, None]) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _loop()))
