"""The web application of a process: the channels' endpoints, the plugins' pages, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from satark.ingest.spool import describe
from satark.ingest.unverified_bodies import UnverifiedBodies
from satark.ingest.webhook import WebhookEndpoint
from satark.observability import describe_error, log
from satark.runtime.connections import SETTINGS_STATE
from satark.runtime.queue_metrics import QueueMetrics

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from satark.runtime.host import Host


def build_app(host: Host) -> Starlette:
    """Make the application that serves a host's roles; the host works while the application's lifespan lasts."""
    status = _Status(host)
    routes: list[BaseRoute] = [
        Route("/healthz", _healthz),
        Route("/readyz", status.readyz),
        Route("/metrics", status.metrics),
    ]
    endpoints: dict[str, WebhookEndpoint] = {}
    runtime = host.ingest_runtime
    if runtime and "web" in host.roles:
        bodies = UnverifiedBodies(host.settings.core.http.unverified_bytes)
        for channel in runtime.channels:
            for endpoint in channel.endpoints:
                endpoints[endpoint.path] = WebhookEndpoint(host.metrics, runtime.ingest, channel, endpoint, bodies)
    # A page at the root would answer for every page below it, so it comes last.
    for page in sorted(host.pages, key=lambda page: -len(page.path)):
        if page.path != "/":
            routes.append(Route(page.path, _below))
        routes.append(Mount(page.path, page.app))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, object]]:
        try:
            async with host.running():
                yield {SETTINGS_STATE: host.settings.core.http}
        except Exception as error:
            log.error("process failed, stopping", **describe_error(error))
            raise

    return _App(endpoints, routes=routes, lifespan=lifespan)


class _App(Starlette):
    """The application; the channels' webhook endpoints come before everything else."""

    def __init__(self, endpoints: Mapping[str, WebhookEndpoint], **options: Any) -> None:
        super().__init__(**options)
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        endpoint = self._endpoints.get(scope["path"]) if scope["type"] == "http" else None
        await (endpoint or super().__call__)(scope, receive, send)


async def _below(request: Request) -> Response:
    """Redirect from a page's own path to the path with a slash, where its routes begin."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path}/{query}", 307)


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


class _Status:
    """Readiness and metrics, for operators."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._queue_metrics = QueueMetrics(host.services, host.metrics, host.settings.core)

    async def readyz(self, _request: Request) -> Response:
        """Say whether the databases answer, and what was spooled while they did not."""
        spooled = self._spooled()
        try:
            await anyio.to_thread.run_sync(self._ask)
        except SQLAlchemyError:
            return PlainTextResponse(_lines("the database does not answer", spooled), status_code=503)
        return PlainTextResponse(_lines("ready", spooled))

    async def metrics(self, _request: Request) -> Response:
        """Give the metrics in Prometheus' text format."""
        with suppress(SQLAlchemyError):  # /readyz says so; the process's own counts are wanted all the more
            await anyio.to_thread.run_sync(self._queue_metrics.look)
        return Response(self._host.metrics.render(), media_type="text/plain; version=0.0.4")

    def _spooled(self) -> str:
        runtime = self._host.ingest_runtime
        return describe(runtime.spool.depth, runtime.spool.quarantined) if runtime else ""

    def _ask(self) -> None:
        self._host.services.read(lambda connection: connection.execute(text("SELECT 1")))
        self._host.services.read_keys(lambda connection: connection.execute(text("SELECT 1")))
