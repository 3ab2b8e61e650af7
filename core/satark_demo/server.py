"""Puts the demo together and runs it: simulated providers, the host with all its roles, and the simulator's page."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import click
import uvicorn
from starlette.applications import Starlette

from satark.api.services import Prepared
from satark.casework import Casework
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.runtime.ingest_runtime import IngestRuntime
from satark.settings.core import PUBLIC_METRICS
from satark.settings.settings import Settings
from satark.telemetry.logs import configure_logging
from satark_demo.desk_queues import DeskQueues
from satark_demo.providers import SimulatedProviders, simulated_providers
from satark_demo.readings import Readings
from satark_demo.sample_week import fill_desks
from satark_demo.simulator import EventStream, Phones, Simulator
from satark_demo.whatsapp import follow
from satark_testing.processes.serving import StartError, begin, started

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DemoServer:
    """A demo that serves one listening socket.

    `data_dir`: None: the one in the settings. `sample_week`: whether empty desks are filled with tips at the start.
    """

    def __init__(
        self,
        data_dir: Path | None,
        listening: socket.socket,
        say: Callable[[str], None],
        *,
        sample_week: bool = False,
    ) -> None:
        self._core: dict[str, Any] = {"data_dir": data_dir} if data_dir else {}
        self._listening = listening
        self._say = say
        self._sample_week = sample_week
        self._events = EventStream()
        self._server: uvicorn.Server | None = None
        host, port = listening.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Stop `run`. A second call stops it without waiting for the requests in progress."""
        self._events.close()
        if self._server is not None:
            self._server.force_exit = self._server.should_exit
            self._server.should_exit = True

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`.

        Raises:
            SettingsError: something is wrong with the configuration.
            PluginError: a plugin can't be used.
            StartError: the server did not start.
        """
        settings = Settings(**self._core)
        public = settings.core.public_url.rstrip("/") or self.url
        async with simulated_providers(settings, self.url, public) as simulated:
            # The demo's files are a visitor's own: it runs in any container, and its log says what is missing there.
            evidence = settings.core.evidence.model_copy(update={"allow_weak_isolation": True})
            core = {**self._core, "public_url": public, "evidence": evidence, "metrics_listen": PUBLIC_METRICS}
            await self._serve(Settings(stand_ins=simulated.sections, **core), simulated)

    async def _serve(self, settings: Settings, simulated: SimulatedProviders) -> None:
        host = Host(settings)
        ingest = _ingest(host)
        follow(ingest.channels, simulated.calls)
        prepare = partial(
            host.plugins.demo, settings, host.services, settings.core.data_dir, sample_week=self._sample_week
        )
        prepared = await asyncio.to_thread(prepare)
        queues = DeskQueues(host.services, _desks_in(prepared), lambda: _desks_in(prepare()))
        police = simulated.police(self._events.publish)
        simulator = Simulator(
            phones=Phones(simulated.media, self._events.publish),
            queues=queues,
            police=police,
            readings=Readings(ingest.channels, ingest.drafts, host.services),
            services=host.services,
            events=self._events,
        )
        lines = [*(one.line for one in prepared), police.status_line]
        application = build_app(host)
        application.routes[:0] = simulator.routes()
        # No task group: it would wrap exceptions, and the command reports each one by its type.
        watcher = asyncio.create_task(queues.watch(lambda: self._events.has_listeners, self._events.publish))
        desks = {one.acting.desk: one.acting for one in prepared if one.acting}
        wanted = bool(self._sample_week and desks and simulated.citizens)
        week = partial(fill_desks, host.services, desks, simulated.citizens[0], self._say) if wanted else None
        try:
            with _signals(self.stop):
                await self._until_stopped(application, lines, settings.core.data_dir, week)
        finally:
            watcher.cancel()
            await asyncio.wait({watcher})

    async def _until_stopped(
        self, application: Starlette, lines: Sequence[str], data_dir: Path, week: Callable[[], Awaitable[None]] | None
    ) -> None:
        """Serve until stopped; let the sample week begin once the server answers."""
        self._server, serving = begin(application, self._listening)
        await started(self._server, serving)
        await self._announce(lines, data_dir)
        filling = [asyncio.ensure_future(week())] if week else []
        try:
            await serving
        finally:
            for one in filling:
                one.cancel()
                await asyncio.wait({one})

    async def _announce(self, lines: Sequence[str], data_dir: Path) -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/healthz", raise_for_status=True):
            pass
        self._say(f"\n  form       {self.url}/\n  simulator  {self.url}/simulator\n  desk       {self.url}/desk\n")
        for line in lines:
            self._say(f"  {line}")
        self._say(f"\n  the data folder is {_absolute(data_dir)}; Ctrl-C stops\n\nready")


def _desks_in(prepared: Sequence[Prepared]) -> list[Casework]:
    return [one.casework for one in prepared if one.casework]


def _ingest(host: Host) -> IngestRuntime:
    if host.ingest_runtime is None:
        raise AssertionError("the demo runs every role")
    return host.ingest_runtime


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)


def _absolute(path: Path) -> Path:
    return path.absolute()


_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 chooses a free one.",
)
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Data folder of the demo.")
@click.option("--sample-week", is_flag=True, help="Fill empty desks with tips to play with, and two stations.")
def demo(host: str, port: int, data_dir: Path | None, *, sample_week: bool) -> None:
    """Start the demo, with simulated phones at /simulator.

    It has an embedded database, two desks and every channel. WhatsApp, Telegram, Twilio and a police system are
    simulated. If a setting SATARK_WHATSAPP__…, SATARK_TELEGRAM__…, SATARK_TWILIO__… or SATARK_POLICE_SYSTEM__… is
    given, the demo uses that real one instead.
    """
    configure_logging(json=False)
    if host not in _LOOPBACK:
        click.echo(
            "Warning: everybody who reaches this address can read every tip of this demo. Do not send real tips.",
            err=True,
        )
    with _listen(host, port) as listening:
        try:
            asyncio.run(DemoServer(data_dir, listening, click.echo, sample_week=sample_week).run())
        except StartError:
            raise click.ClickException("the demo did not start; see the lines above") from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise click.ClickException(f"the data folder can't be used: {error}") from None
    click.echo("stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "stop the program that uses it, or choose another port with --port (with make: PORT=…)"
        raise click.ClickException(f"can't listen at {host}:{port} ({error.strerror}): {hint}") from None
