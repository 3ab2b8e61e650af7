"""The web application of a process: the channels' endpoints, the plugins' pages, health and metrics."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from satark.api.observability import describe_error, log
from satark.ingest.webhook import UnverifiedBodies, WebhookEndpoint
from satark.runtime.connections import SETTINGS_STATE, WEBHOOKS_STATE
from satark.runtime.host import Host
from satark.runtime.status import Place, Status, metrics_listener
from satark.settings.core import PUBLIC_METRICS


def build_app(host: Host, *, listen_for_metrics: bool = False, place: Place | None = None) -> Starlette:
    """Make the application that serves a host's roles. The host works during the application's lifespan.

    If the host fails later, the process ends: a server that still answered would hide the failure.

    `listen_for_metrics`: open the listener of the setting `metrics_listen` too. `place`: None: no other process
    replaces this one.
    """
    status = Status(host)
    routes: list[BaseRoute] = status.routes(with_metrics=host.settings.core.metrics_listen == PUBLIC_METRICS)
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

    listen = host.settings.core.metrics_listen if listen_for_metrics else ""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, object]]:
        serves = False
        try:
            async with host.running(), metrics_listener(status, listen, place):
                serves = True
                yield {SETTINGS_STATE: host.settings.core.http, WEBHOOKS_STATE: endpoints}
        except Exception as error:
            log.error("process failed, stopping", **describe_error(error))
            if serves:
                host.stop()
            raise

    return _App(endpoints, routes=routes, lifespan=lifespan)


class _App(Starlette):
    """The application. It tries the channels' webhook endpoints before everything else."""

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
