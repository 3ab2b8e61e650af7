"""The web application of a process: the channels' endpoints, the plugins' pages, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from satark.channel import Malformed, Outcome, RawRequest
from satark.intake import NotTaken
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from satark.channel import Channel, Endpoint
    from satark.host import Host
    from satark.tipside import TipSide

Handler = Callable[[Request], Awaitable[Response]]


def build_app(host: Host) -> Starlette:
    """Make the application that serves a host's roles; the host works while the application's lifespan lasts."""
    routes: list[BaseRoute] = [
        Route("/healthz", _healthz),
        Route("/readyz", _Probe(host).readyz),
        Route("/metrics", _Probe(host).metrics),
    ]
    if host.tipside and "web" in host.roles:
        for channel in host.tipside.channels:
            for endpoint in channel.endpoints:
                door = _Door(host, host.tipside, channel, endpoint)
                routes.append(Route(endpoint.path, door.handle, methods=list(endpoint.methods)))
    routes += [Mount(page.path, page.app) for page in host.pages]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with host.running():
            yield

    return Starlette(routes=routes, lifespan=lifespan)


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


class _Probe:
    """What an operator asks of a process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def readyz(self, _request: Request) -> Response:
        """Say whether the databases answer."""
        try:
            await anyio.to_thread.run_sync(self._ask)
        except SQLAlchemyError:
            return PlainTextResponse("the database does not answer", status_code=503)
        return PlainTextResponse("ready")

    async def metrics(self, _request: Request) -> Response:
        """Give the metrics in Prometheus' text format."""
        return Response(self._host.metrics.render(), media_type="text/plain; version=0.0.4")

    def _ask(self) -> None:
        self._host.services.read(lambda connection: connection.execute(text("SELECT 1")))
        self._host.services.read_keys(lambda connection: connection.execute(text("SELECT 1")))


class _Door:
    """One endpoint of one channel: verify, parse, take, and only then answer."""

    def __init__(self, host: Host, tipside: TipSide, channel: Channel, endpoint: Endpoint) -> None:
        self._metrics = host.metrics
        self._tipside = tipside
        self._channel = channel
        self._limit = endpoint.limit

    async def handle(self, request: Request) -> Response:
        """Answer one request: 401 unsigned, 413 too large, 503 not taken, else whatever the channel replies."""
        body = await _read(request, self._limit)
        if body is None:
            return self._answer("too_large", PlainTextResponse("too large", status_code=413))
        raw = RawRequest(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=request.headers,
            body=body,
        )
        if not self._channel.verify(raw):
            return self._answer("unsigned", PlainTextResponse("unauthorized", status_code=401))
        try:
            outcome = await self._take(raw)
        except (StoreDown, NotTaken):
            return self._answer("not_taken", PlainTextResponse("try again", status_code=503))
        reply = self._channel.reply(raw, outcome)
        response = Response(reply.body, reply.status, media_type=reply.media_type)
        return self._answer("taken", response)

    async def _take(self, raw: RawRequest) -> Outcome:
        try:
            batch = self._channel.parse(raw)
        except Malformed:
            self._metrics.webhooks.labels(self._channel.name, "malformed").inc()
            return Outcome()
        taken = await self._tipside.take(self._channel, batch)
        return Outcome(prompts=[prompt for one in taken for prompt in one.prompts])

    def _answer(self, answer: str, response: Response) -> Response:
        self._metrics.webhooks.labels(self._channel.name, answer).inc()
        return response


async def _read(request: Request, limit: int) -> bytes | None:
    """Read a body up to its limit in bytes; None where it is longer, without reading the rest."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        return None
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return b""
    return b"".join(chunks)
