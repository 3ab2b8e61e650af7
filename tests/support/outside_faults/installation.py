"""An installation to strike: a web node behind nginx, a worker and a desk; the network to each peer can fail."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing import installation
from satark_testing.peers.police import SECRET, PoliceReceiver
from satark_testing.processes.service import Service
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from support.chaos.machines import add_nodes, admit, make_keys, serving
from support.peers.exim import Exim
from support.peers.mail import self_signed
from support.peers.nginx import Nginx
from support.peers.postgres_cluster import Cluster, postgres_cluster
from support.peers.rabbitmq import Broker
from support.peers.relay import Relay
from support.peers.seaweedfs import BUCKET, SeaweedFS, running_seaweedfs
from support.processes.forked import HOUR, ForkedService
from support.processes.office import OfficeProcess
from support.settings import SETTINGS_OF_TESTS

ROLES: Final = ("web", "worker", "desk")
SILENCE: Final = 45.0
"""Seconds without a heartbeat, which comes every half a minute, after which a dead-man's switch tells."""
_LOOK: Final = 0.2
SHORT_HOUR: Final = 10.0
"""Seconds between two looks of those that come once an hour."""
DESK_OF_OFFICE: Final = "lanka"
_setting_up: Final = asyncio.Lock()
"""One at a time: a command takes this process's standard output, and an office's commands run in a thread."""


class Report(NamedTuple):
    """A line that a process told the operator."""

    at: float
    role: str
    line: str


class Operator:
    """The operator's address: it notes what it is told, and when each process last gave a sign of life."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.beats: dict[str, float] = {}
        routes = [
            Route("/alarm/{role}", self._alarm, methods=["POST"]),
            Route("/beat/{role}", self._beat, methods=["GET"]),
        ]
        self.app = Starlette(routes=routes)

    async def _alarm(self, request: Request) -> Response:
        lines = json.loads(await request.body())["text"].splitlines()
        self.reports += [Report(time.monotonic(), request.path_params["role"], line) for line in lines]
        return Response()

    async def _beat(self, request: Request) -> Response:
        self.beats[request.path_params["role"]] = time.monotonic()
        return Response()

    def began(self, code: str, since: int) -> set[str]:
        """Return the roles that told of a fault since a number of lines."""
        return {one.role for one in self.reports[since:] if one.line.startswith(f"{code}:")}

    def ended(self, code: str, since: int) -> set[str]:
        """Return the roles that told of its end."""
        return {one.role for one in self.reports[since:] if one.line == f"{code} is over"}

    def is_silent(self, role: str) -> bool:
        """Whether a dead-man's switch tells."""
        return time.monotonic() - self.beats.get(role, 0.0) > SILENCE


class FaultyInstallation(installation.Installation):
    """The installation with its peers, each behind a relay of that name."""

    nodes: dict[str, Service]
    proxy: Nginx
    mail: Exim
    broker: Broker
    office: OfficeProcess

    def __init__(self, database: Cluster, store: SeaweedFS, folder: Path) -> None:
        self.database, self.store, self.operator = database, store, Operator()
        self.relays: dict[str, Relay] = {}
        self.police = PoliceReceiver()
        self.certificates = _made(folder / "certificates")
        self._earlier, self._people, self._visitors = set(), 0, 0

    async def relay(self, name: str, port: int, stack: AsyncExitStack) -> int:
        """Put a relay before a port; return its own."""
        relay = self.relays[name] = Relay(port)
        await relay.start()
        stack.push_async_callback(relay.stop)
        return relay.port

    @property
    def webhook(self) -> str:
        """URL of the WhatsApp webhook."""
        return f"{self.proxy.url}/whatsapp/webhook"

    def data(self, role: str) -> Path:
        """Return a machine's data folder."""
        return self.nodes[role].folder

    async def works(self) -> bool:
        """Let a new citizen write; return whether they are answered."""
        self._visitors += 1
        try:
            async with self.citizen(self._visitors, patience=10, post_attempts=1) as citizen:
                await citizen.say("Hi")
                await citizen.hear()
        except Exception:  # noqa: BLE001 - it is not whole yet
            return False
        return True


@asynccontextmanager
async def running_stage(folder: Path, *, peers: Sequence[str] = ()) -> AsyncIterator[FaultyInstallation]:
    """Run an installation. `peers`: which of mail, police, broker and office it has; an office has a broker."""
    async with AsyncExitStack() as stack:
        await _setting_up.acquire()
        target = FaultyInstallation(
            stack.enter_context(postgres_cluster()), stack.enter_context(running_seaweedfs()), _made(folder)
        )
        await target.relay("database", target.database.port, stack)
        await target.relay("store", _port(target.store.url), stack)
        settings = {
            **SETTINGS_OF_TESTS,
            **_shared(target, folder),
            **await _peers(target, peers, folder, stack),
        }
        address = await stack.enter_async_context(serve(target.operator.app))
        first = await stack.enter_async_context(
            installation.set_up_installation(folder, settings, command=serving("web"), service=ForkedService)
        )
        await target.relay("graph", _port(first.service.environment["SATARK_WHATSAPP__GRAPH_URL"]), stack)
        first.service.environment["SATARK_WHATSAPP__GRAPH_URL"] = target.relays["graph"].url
        target.peer, target.service = first.peer, first.service
        target.nodes = {"web": first.service, **add_nodes(first.service, folder, ROLES[1:], stack)}
        printed = first.service.run("deploy", "nginx.conf").stdout
        target.proxy = Nginx(folder / "nginx", printed, [first.service.url], target.certificates)
        for role, node in target.nodes.items():
            node.environment |= {
                "SATARK_PUBLIC_URL": f"https://localhost:{target.proxy.tls_port}/",
                "SATARK_ALARM_URL": f"{address}/alarm/{role}",
                "SATARK_HEARTBEAT_URL": f"{address}/beat/{role}",
            }
        target.proxy.start()
        stack.callback(target.proxy.stop)
        if "office" in peers:
            await _start_office(target, folder, f"{address}/alarm/office", stack)
        await admit(target.nodes)
        _setting_up.release()
        await until(lambda: len(target.operator.beats) == len(ROLES), every=_LOOK)
        yield target


def _shared(target: FaultyInstallation, folder: Path) -> dict[str, str]:
    """Make databases, keys and a certificate; return the settings that all machines share."""
    target.database.execute("CREATE ROLE satark LOGIN")
    for name in ("main", "keys"):
        target.database.execute(f"CREATE DATABASE {name} OWNER satark")
    self_signed(target.certificates, days=90)
    database = f"postgresql+psycopg://satark@127.0.0.1:{target.relays['database'].port}"
    return {
        **target.store.environment,
        **make_keys(folder),
        "AWS_ENDPOINT_URL": target.relays["store"].url,
        "SSL_CERT_FILE": str(target.certificates / "cert.pem"),
        "SATARK_DATABASE_URL": f"{database}/main",
        "SATARK_KEYS_URL": f"{database}/keys",
        "SATARK_STORAGE_URL": f"s3://{BUCKET}/{token_hex(8)}",
        "SATARK_DISK_RESERVE_BYTES": "20000000",
        "SATARK_SPOOL_MAX_FILES": "5",
        "SATARK_SETTLE_SECONDS": "0",
    }


async def _peers(
    target: FaultyInstallation, peers: Sequence[str], folder: Path, stack: AsyncExitStack
) -> dict[str, str]:
    """Start the servers of these sinks; return the settings that lead to them."""
    settings: dict[str, str] = {}
    plugins = ["whatsapp", "web_form", "desk"]
    if "mail" in peers:
        target.mail = Exim(_made(folder / "exim"), self_signed(folder / "exim"))
        await stack.enter_async_context(target.mail.running())
        port = await target.relay("mail", target.mail.port, stack)
        plugins.append("email")
        settings |= {f"SATARK_EMAIL__{name}": value for name, value in {**_MAIL, "PORT": str(port)}.items()}
    if "police" in peers:
        await target.relay("police", _port(await stack.enter_async_context(serve(target.police.app))), stack)
        plugins.append("police_system")
        settings["SATARK_POLICE_SYSTEM__URL"] = f"{target.relays['police'].url}/tips"
        settings["SATARK_POLICE_SYSTEM__SECRET"] = SECRET
    if {"broker", "office"} & {*peers}:
        target.broker = Broker(_made(folder / "broker", 0o755))
        await target.broker.start()
        stack.push_async_callback(target.broker.kill)
        port = await target.relay("broker", target.broker.port, stack)
        plugins.append("rabbitmq")
        settings["SATARK_RABBITMQ__URL"] = f"amqp://guest:guest@127.0.0.1:{port}/"
        settings["SATARK_RABBITMQ__COPIES"] = '["sp"]'
        settings |= {"SATARK_LINK_KEY_FILE": str(folder / "link.key"), HOUR: str(SHORT_HOUR)}
    return {**settings, "SATARK_PLUGINS": json.dumps(plugins)}


async def _start_office(target: FaultyInstallation, folder: Path, alarms: str, stack: AsyncExitStack) -> None:
    """Let a desk be in a remote office, which reaches its host by the broker alone."""
    settings = {**SETTINGS_OF_TESTS, "SATARK_ALARM_URL": alarms, HOUR: str(SHORT_HOUR)}
    broker = target.service.environment["SATARK_RABBITMQ__URL"]
    target.office = OfficeProcess(target, DESK_OF_OFFICE, broker, folder / "office", settings)
    await target.office.set_up("district")
    stack.push_async_callback(target.office.service.stop)
    await target.office.service.start()


def _port(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


def _made(folder: Path, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    return folder


_MAIL: Final = {
    "HOST": "127.0.0.1",
    "TLS": "none",
    "SENDER": "satark@tips.example",
    "OPERATORS": "operator@up.example",
    "RECIPIENTS": "officer@up.example",
}
