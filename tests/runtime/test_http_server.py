"""The features that the HTTP server adds to uvicorn."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from satark.api.web import Page
from satark.runtime.http_server import Lifetime, ReplaceableServer, collect_rarely, uvicorn_options
from satark.runtime.process_watch import LEFT, OLD, RETIRE
from satark_testing.waiting import until


@pytest.mark.slow("a third of a second of a processor")
def test_garbage_is_collected_rarely_and_not_among_the_objects_of_the_start() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (5_000, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_the_server_says_nothing_of_itself_and_notes_nothing_of_a_request() -> None:
    silent = {"server_header": False, "access_log": False, "proxy_headers": False, "ws": "none"}
    assert uvicorn_options("127.0.0.1", 0).items() >= silent.items()


class Replaceable:
    """A server in this process, the first process's end of its channel, and an answer that waits."""

    def __init__(self) -> None:
        self.parent, self._channel = socket.socketpair()
        self.parent.settimeout(0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.asked, self.answer = asyncio.Event(), asyncio.Event()
        self.in_use = self.calls = self.is_busy = self.has_left = False
        self.said = b""
        self.ended: asyncio.Task[None] | None = None

    async def _slow(self, _request: Request) -> PlainTextResponse:
        self.asked.set()
        await self.answer.wait()
        return PlainTextResponse("answered")

    def has_said(self, words: bytes) -> bool:
        with suppress(BlockingIOError):
            self.said += self.parent.recv(10)
        return self.said == words

    @asynccontextmanager
    async def serving(self, seconds: float) -> AsyncIterator[aiohttp.ClientSession]:
        app = Starlette(routes=[Route("/", self._slow)])
        config = uvicorn.Config(app, **{**uvicorn_options("", 0), "lifespan": "off", "loop": "none"})
        page = Page(path="/", app=app, in_use=lambda: self.in_use, leave=lambda: setattr(self, "has_left", True))
        lifetime = Lifetime(seconds, 2 * seconds, seconds / 4)
        is_busy = {"has_calls": lambda: self.calls, "is_busy": lambda: self.is_busy}
        server = ReplaceableServer(config, self._channel, lifetime, [page], **is_busy)
        self.ended = asyncio.create_task(server.serve([self._listening]))
        async with aiohttp.ClientSession() as client:
            await until(lambda: server.started)
            yield client
        self.answer.set()
        server.should_exit = True
        await self.ended
        for one in (self.parent, self._channel):
            one.close()


@pytest.mark.slow("a server")
async def test_a_replaced_process_answers_accepted_requests_and_accepts_no_new_ones() -> None:
    one = Replaceable()
    async with one.serving(math.inf) as client:
        under_way = asyncio.create_task(client.get(one.url))
        await one.asked.wait()
        os.kill(os.getpid(), RETIRE)
        await asyncio.sleep(0.2)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(one.url)
        assert one.ended is not None
        assert not one.ended.done()
        one.answer.set()
        assert await (await under_way).text() == "answered"
        await client.close()
        await until(one.ended.done)


@pytest.mark.slow("a server")
async def test_a_replaced_process_waits_for_current_replies_and_files() -> None:
    one = Replaceable()
    one.is_busy = True
    async with one.serving(math.inf):
        os.kill(os.getpid(), RETIRE)
        await asyncio.sleep(0.3)
        assert one.ended is not None
        assert not one.ended.done()
        one.is_busy = False
        await until(one.ended.done)


@pytest.mark.slow("a server")
async def test_connections_of_a_busy_client_end_with_their_next_answer() -> None:
    one = Replaceable()
    one.answer.set()
    async with one.serving(math.inf) as client:
        assert (await client.get(one.url)).headers.get("connection") is None
        os.kill(os.getpid(), RETIRE)
        await asyncio.sleep(0.05)
        assert (await client.get(one.url)).headers["connection"] == "close"


@pytest.mark.slow("a server")
async def test_an_old_server_asks_only_once_to_be_replaced_when_nobody_is_signed_in(clock: list[float]) -> None:
    one = Replaceable()
    one.in_use = True
    async with one.serving(100):
        clock[0] = 199
        await asyncio.sleep(0.3)
        assert one.has_said(b"")
        one.in_use = False
        await until(lambda: one.has_said(OLD))
        clock[0] = 10_000
        await asyncio.sleep(0.3)
        assert one.has_said(OLD)


@pytest.mark.slow("a server")
async def test_a_signed_in_client_keeps_a_process_for_twice_its_time_and_no_longer(clock: list[float]) -> None:
    one = Replaceable()
    one.in_use = True
    async with one.serving(100):
        clock[0] = 200
        await until(lambda: one.has_said(OLD))


@pytest.mark.slow("a server")
async def test_a_server_asks_to_be_replaced_some_time_after_the_last_client_signed_out(clock: list[float]) -> None:
    one = Replaceable()
    async with one.serving(100):
        clock[0] = 50
        one.in_use = True
        await asyncio.sleep(0.3)
        clock[0] = 60
        await asyncio.sleep(0.3)
        one.in_use, one.calls = False, True
        clock[0] = 84
        await asyncio.sleep(0.3)
        assert one.has_said(b"")
        clock[0] = 85
        await asyncio.sleep(0.3)
        assert one.has_said(b""), "a call is under way"
        one.calls = False
        await until(lambda: one.has_said(OLD))


@pytest.mark.slow("a server")
async def test_a_server_at_which_somebody_signed_in_since_it_asked_stays_until_they_sign_out() -> None:
    one = Replaceable()
    one.in_use = True
    one.answer.set()
    async with one.serving(math.inf) as client:
        os.kill(os.getpid(), RETIRE)
        await asyncio.sleep(0.3)
        assert (await client.get(one.url)).status == 200
        assert not one.has_left
        assert one.has_said(b"")
        one.in_use = False
        os.kill(os.getpid(), RETIRE)
        await until(lambda: one.has_said(LEFT))
        assert one.has_left


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("satark.runtime.http_server.time", SimpleNamespace(monotonic=lambda: now[0]))
    return now
