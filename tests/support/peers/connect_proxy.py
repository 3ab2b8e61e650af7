"""An egress proxy for tests: speaks CONNECT (RFC 9110, 9.3.6), and notes where it was asked to connect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

REFUSAL = b"HTTP/1.1 403 Forbidden\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n"


class ConnectProxy:
    """Notes each target, and connects there, unless `answer` is another one than `ESTABLISHED`."""

    def __init__(self, answer: bytes = ESTABLISHED) -> None:
        self._answer = answer
        self.targets: list[str] = []
        self.heads: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://satark:p%40ss@127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ConnectProxy]:
        tasks: list[asyncio.Task[None]] = []

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.append(asyncio.create_task(self._serve(reader, writer)))

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer_to(await reader.readuntil(b"\r\n\r\n"), reader, writer)

    async def _answer_to(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(b" ", 2)
        self.heads.append(head)
        self.targets.append(target.decode() if method == b"CONNECT" else f"no CONNECT: {method.decode()}")
        if self._answer != ESTABLISHED:
            writer.write(self._answer)
            await writer.drain()
            return
        host, _, port = target.decode().rpartition(":")
        there, peer = await asyncio.open_connection(host.strip("[]"), int(port))
        with closing(peer):
            writer.write(ESTABLISHED)
            await asyncio.gather(_carry(reader, peer), _carry(there, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
