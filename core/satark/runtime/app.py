"""The web application of a process: the channels' endpoints, the plugins' pages, health and metrics."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

import anyio.to_thread
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from satark.api.background import run_in_thread
from satark.api.observability import describe_error, log
from satark.api.routing import Destination
from satark.identity.time_buckets import band_start
from satark.ingest.spool import describe
from satark.ingest.webhook import UnverifiedBodies, WebhookEndpoint
from satark.runtime.dependency_faults import try_within, write_faults
from satark.runtime.host import Host
from satark.runtime.http_connections import SETTINGS_STATE
from satark.runtime.http_server import ServerBeside, uvicorn_options
from satark.runtime.process_watch import MESSAGE, READY
from satark.services import Services
from satark.settings.core import PUBLIC_METRICS, Core
from satark.store import deliveries
from satark.store.breakers import read_open_breakers
from satark.store.writer import StoreDown
from satark.telemetry.faults import Fault
from satark.telemetry.metrics import Metrics


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
            async with host.running():
                if place is not None:
                    await place.turn()
                async with metrics_listener(status, listen, place):
                    serves = True
                    yield {SETTINGS_STATE: host.settings.core.http}
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
        endpoint = self._endpoints.get(scope["path"]) if scope["type"] == "http" else None
        await (endpoint or super().__call__)(scope, receive, send)


async def _below(request: Request) -> Response:
    """Redirect from a page's own path to the path with a slash, under which its routes are."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path}/{query}", 307)


WRITE_SECONDS: Final = 1.0
"""Seconds in which a synthetic write must be committed for a process to be ready."""
_STEP: Final = 10
"""Difference between the ports of two processes. The ports between them are for other roles on the machine."""


class Place(NamedTuple):
    """A process's number among the serving processes, from 0, and its socket to the process that watches them."""

    number: int
    channel: socket.socket

    async def turn(self) -> None:
        """Say that this process could serve; wait until no other process accepts connections in its place."""
        self.channel.settimeout(0)
        self.channel.sendall(READY)
        await asyncio.get_running_loop().sock_recv(self.channel, MESSAGE)


class Status:
    """The status pages of one process."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._queue_metrics = QueueMetrics(host.services, host.metrics, host.settings.core)
        self._trial: asyncio.Task[list[Fault]] | None = None

    def routes(self, *, with_metrics: bool) -> list[BaseRoute]:
        """Return the routes of `/healthz`, `/readyz` and, if wanted, `/metrics`."""
        pages: list[BaseRoute] = [Route("/healthz", _healthz), Route("/readyz", self.readyz)]
        return [*pages, Route("/metrics", self.metrics)] if with_metrics else pages

    async def readyz(self, _request: Request) -> Response:
        """Say whether events are accepted now, and list faults and spooled batches. 503: no event is accepted."""
        faults = self._host.metrics.faults.current
        lines = [*(f"fault: {fault}" for fault in faults), self._spooled()]
        if not await self._can_write():
            return PlainTextResponse(_lines("the database can't be written now", *lines), status_code=503)
        if any(fault.stops for fault in faults):
            return PlainTextResponse(_lines("nothing can be taken", *lines), status_code=503)
        return PlainTextResponse(_lines("ready", *lines))

    async def _can_write(self) -> bool:
        """Whether the writer, and a trial beside it, wrote to the databases in time."""
        services = self._host.services
        is_sqlite = services.main.dialect.name == "sqlite"
        # However often somebody asks, one trial at a time: a hung one holds a connection.
        if not is_sqlite and (self._trial is None or self._trial.done()):
            self._trial = asyncio.create_task(run_in_thread(write_faults, services))
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await services.write(try_within if is_sqlite else lambda _unit: None)
                return self._trial is None or not await asyncio.shield(self._trial)
        except (StoreDown, TimeoutError):
            return False

    async def metrics(self, _request: Request) -> Response:
        """Return the metrics in Prometheus' text format."""
        with suppress(SQLAlchemyError):  # /readyz says so; the process's own counts are wanted all the more
            await anyio.to_thread.run_sync(self._queue_metrics.look)
        return Response(self._host.metrics.render(), media_type="text/plain; version=0.0.4")

    async def serve_metrics(self, listen: str, place: Place | None, server: uvicorn.Server) -> None:
        """Continue the counts of the process that this one replaces, then serve the metrics at its port."""
        if place is not None:
            self._host.metrics.take_over(await asyncio.get_running_loop().sock_recv(place.channel, MESSAGE))
        listening = None if listen in {"", PUBLIC_METRICS} else _open(listen, place.number if place else 0)
        if listening is not None:
            with listening:
                await server.serve(sockets=[listening])

    def _spooled(self) -> str:
        runtime = self._host.ingest_runtime
        return describe(runtime.spool.shown_depth, runtime.spool.quarantined) if runtime else ""


@asynccontextmanager
async def metrics_listener(status: Status, listen: str, place: Place | None = None) -> AsyncIterator[None]:
    """Serve the metrics at the address `listen` while the block runs; nowhere if that is empty or `public`.

    If the port is taken, as by another role on the same machine, the process logs that and works without the listener.
    If there are several processes, the second has a port 10 higher, the third 20 higher.
    """
    app = Starlette(routes=status.routes(with_metrics=True))
    server = ServerBeside(uvicorn.Config(app, **{**uvicorn_options("", 0), "lifespan": "off", "loop": "none"}))
    serving = asyncio.create_task(status.serve_metrics(listen, place, server))
    await asyncio.sleep(0)  # the port is open from now on, unless another process has it still
    try:
        yield
    finally:
        server.should_exit = True
        if not server.started:
            serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def _open(listen: str, number: int) -> socket.socket | None:
    address, _, port = listen.rpartition(":")
    address = address.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError, OverflowError):  # it is taken, or there is none so high
        return socket.create_server((address, int(port) + _STEP * number), family=family)
    log.warning("metrics are not served, set another SATARK_METRICS_LISTEN", host=address, port=port)
    return None


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


class QueueMetrics:
    """The gauges of the queues. Every process shows the same values, since all read one store."""

    def __init__(self, services: Services, metrics: Metrics, settings: Core) -> None:
        self._services = services
        self._metrics = metrics
        self._configured = {rule.to for rule in services.destination_rules} | set(settings.alarm_to)
        self._band, self._waiting = 0, Counter[str]()

    def look(self) -> None:
        """Set the gauges to the store's present values. This reads the database: call it from a thread.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer. The gauges are empty then.
        """
        self._metrics.clear_queue_gauges()
        counts, down = self._services.read(lambda c: (deliveries.counts(c), list(read_open_breakers(c))))
        waiting, dead_letters = Counter[str](), Counter[str]()
        for (destination, state), count in counts.items():
            (dead_letters if state == "dead_letter" else waiting)[Destination(destination).sink] += count
        if self._band != (band := band_start(int(time.time()))):  # at any other time a tip would be seen to come
            self._band, self._waiting = band, waiting
        waiting = self._waiting
        for sink in waiting.keys() | dead_letters.keys() | {Destination(name).sink for name in self._configured}:
            self._metrics.deliveries_waiting.labels(sink).set(waiting[sink])
            self._metrics.deliveries_dead_lettered.labels(sink).set(dead_letters[sink])
        names = Counter(name if name in self._configured else Destination(name).sink for name in down)
        for name in names.keys() | self._configured:
            self._metrics.destinations_down.labels(name).set(names[name])
