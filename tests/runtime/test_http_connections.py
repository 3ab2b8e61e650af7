"""Slow clients, with real sockets: their headers, bodies and responses end in time, and other clients still get in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from satark.runtime.http_connections import SETTINGS_STATE
from satark.settings.core import HttpSettings
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit, until

pytestmark = pytest.mark.slow("a host")

Client: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
QUICK = HttpSettings(connections=8, header_seconds=0.2, header_bytes=4_096, stall_seconds=0.2, stall_bytes=100)
PATIENT = HttpSettings(connections=8)
BODY = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"


class Site:
    """A served application that answers the number of bytes of each body."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.disconnected = 0
        self.proceed = asyncio.Event()
        self.opened: list[asyncio.StreamWriter] = []

    async def count(self, request: Request) -> Response:
        try:
            return Response(str(len(await request.body())))
        except ClientDisconnect:
            self.disconnected += 1
            raise

    async def wait(self, _request: Request) -> Response:
        await self.proceed.wait()
        return Response("done")

    async def large(self, _request: Request) -> Response:
        return StreamingResponse(self._megabytes())

    async def _megabytes(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(50):
                yield bytes(1_000_000)
        finally:
            self.disconnected += 1

    async def connect(self, sent: bytes = b"") -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
        self.opened.append(writer)
        writer.write(sent)
        await writer.drain()
        return reader, writer

    async def ask(self, path: str = "/", body: bytes = b"hello") -> bytes:
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        reader, _ = await self.connect(head.encode() + body)
        async with limit():
            return await reader.read()


@asynccontextmanager
async def served(settings: HttpSettings) -> AsyncIterator[Site]:
    site = Site(0)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, object]]:
        yield {SETTINGS_STATE: settings}

    routes = [Route("/", site.count, methods=["POST"]), Route("/wait", site.wait, methods=["POST"])]
    app = Starlette(routes=[*routes, Route("/large", site.large)], lifespan=lifespan)
    async with serve(app) as url:
        site.port = int(url.rpartition(":")[2])
        yield site
        site.proceed.set()
        for writer in site.opened:
            writer.close()


async def is_ended(client: Client) -> bool:
    """Wait until the server ends a connection. Return whether it sent nothing before."""
    async with limit():
        try:
            return not await client[0].read()
        except ConnectionError:
            return True


async def drip(client: Client, byte: bytes, stopped: Callable[[], bool]) -> None:
    while not stopped():
        client[1].write(byte)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("head", [b"", b"POST / HTTP/1.1\r\nhost: x\r\nx-a: "], ids=["no byte", "half headers"])
async def test_a_connection_whose_headers_do_not_end_is_ended(head: bytes) -> None:
    async with served(QUICK) as site:
        assert await is_ended(await site.connect(head))


@pytest.mark.parametrize("head", [b"POST / HTTP/1.1\r\nx-a: ", BODY], ids=["headers", "body"])
async def test_a_client_that_sends_a_byte_now_and_then_is_too_slow(head: bytes) -> None:
    async with served(QUICK) as site:
        client = await site.connect(head)
        ended = asyncio.create_task(is_ended(client))
        await drip(client, b"x", ended.done)
        assert await ended


async def test_the_application_learns_that_a_slow_body_was_ended() -> None:
    async with served(QUICK) as site:
        await site.connect(BODY + b"some")
        await until(lambda: site.disconnected == 1)


async def test_a_body_that_makes_progress_may_take_long() -> None:
    async with served(QUICK) as site:
        reader, writer = await site.connect(BODY)
        for _ in range(40):
            writer.write(bytes(2_500))
            await asyncio.sleep(0.02)
        async with limit():
            assert b"200 OK" in await reader.readline()


async def test_the_next_request_of_a_connection_is_timed_like_the_first() -> None:
    async with served(QUICK) as site:
        reader, writer = await site.connect(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        async with limit():
            await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"POST / HT")
        assert await is_ended((reader, writer))


async def test_a_connection_with_a_response_under_way_is_not_ended() -> None:
    async with served(QUICK) as site:
        asked = asyncio.create_task(site.ask("/wait"))
        await asyncio.sleep(0.6)
        site.proceed.set()
        assert (await asked).endswith(b"done")


async def test_a_response_that_nobody_reads_is_ended() -> None:
    async with served(QUICK) as site:
        await site.connect(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        await until(lambda: site.disconnected == 1)


async def test_endless_headers_are_refused() -> None:
    async with served(QUICK) as site:
        reader, _ = await site.connect(b"GET / HTTP/1.1\r\nx-a: " + b"a" * 10_000)
        async with limit():
            assert b" 431 " in await reader.readline()


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nx-a: ", BODY + b"some"], ids=["idle", "headers", "body"])
async def test_slow_connections_make_room_for_others(sent: bytes) -> None:
    async with served(PATIENT) as site:
        for _ in range(3 * PATIENT.connections):
            await site.connect(sent)
        for _ in range(10):
            assert (await site.ask()).endswith(b"5")


async def test_the_slower_of_two_bodies_makes_room() -> None:
    async with served(PATIENT) as site:
        fast = await site.connect(BODY + bytes(60_000))
        for _ in range(PATIENT.connections):
            await site.connect(BODY + b"some")
        await until(lambda: site.disconnected > 0)
        fast[1].write(bytes(40_000))
        async with limit():
            assert b"200 OK" in await fast[0].readline()


async def test_a_client_that_waits_for_an_answer_never_makes_room() -> None:
    async with served(PATIENT) as site:
        asked = [asyncio.create_task(site.ask("/wait")) for _ in range(PATIENT.connections)]
        await asyncio.sleep(0.1)
        for _ in range(PATIENT.connections):
            await site.connect(b"POST")
        site.proceed.set()
        assert all(answer.endswith(b"done") for answer in await asyncio.gather(*asked))
