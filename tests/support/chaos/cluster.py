"""Two web nodes behind nginx, two workers and a desk: they share PostgreSQL's pair and a bucket, and nothing else."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import pytest
from PIL import Image

from satark.runtime import compose
from satark.services import Services
from satark.settings.settings import Settings
from satark_desk.officers import unlock_any
from satark_testing import installation
from satark_testing.processes.service import Service
from satark_testing.whatsapp.graph_api import GraphPeer
from support.chaos.machines import add_nodes, admit, make_keys, serving
from support.peers.nginx import Nginx
from support.peers.postgres_pair import Pair, postgres_pair
from support.peers.seaweedfs import BUCKET, SeaweedFS, running_seaweedfs
from support.processes.forked import ForkedService
from support.settings import SETTINGS_OF_TESTS

NODES: Final = ("web2", "worker1", "worker2", "desk")
"""The machines beside the first, `web1`."""
_NO_DISK: Final = {"SATARK_WEB_FORM__UPLOAD_RESERVE_BYTES": "0"}
_AT_ONCE: Final = {
    f"SATARK_{name}": value
    for name, value in {
        "SETTLE_SECONDS": "0",
        "RECEIPT_CODES_AHEAD": "200",
        "PLUGINS": '["whatsapp", "web_form", "desk"]',
        "WEB_FORM__PROOF_WAIT_SECONDS": "0",
        "WEB_FORM__PROOF_WAITS_PER_MINUTE": "10000",
        "WEB_FORM__FREE_DRAFTS_PER_MINUTE": "10000",
        "WEB_FORM__FREE_UPLOADS_PER_MINUTE": "10000",
    }.items()
}
"""What makes nobody wait for what is put off to protect a citizen."""
_SIDE, _CELL = 4, 16
"""Cells in a row of a photo, and pixels in a row of a cell."""


class Cluster(installation.Installation):
    """The machines. `service` is the first web node, on which an operator types commands."""

    def __init__(self, peer: GraphPeer, nodes: Mapping[str, Service], pair: Pair, store: SeaweedFS) -> None:
        super().__init__(peer, nodes["web1"])
        self.nodes, self.pair, self.store = nodes, pair, store
        self.front = ""
        """Where citizens and Meta reach the web nodes."""

    @property
    def webhook(self) -> str:
        """URL of the WhatsApp webhook."""
        return f"{self.front}/whatsapp/webhook"

    @contextmanager
    def services(self) -> Iterator[Services]:
        """Open the stores as a command does."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.service.environment.items():
                patch.setenv(name, value)
            settings = Settings()
            services = compose.load_services(settings, compose.load_geography(settings))
            try:
                yield services
            finally:
                services.close()

    def opened(self, desk: str) -> dict[str, list[tuple[str, list[int]]]]:
        """Open a desk's tips as an officer does; return words → each such tip's number, and what its photos show."""
        found: dict[str, list[tuple[str, list[int]]]] = {}
        with self.services() as services:
            unlocked = unlock_any(services, desk, self.passphrase_file(desk).read_text().strip())
            casework = unlocked.casework(services)
            for tip in casework.export_list():
                photos = [number_in(b"".join(casework.evidence(tip, one.ordinal))) for one in tip.evidence]
                found.setdefault(str(tip.tip.answers["what"]), []).append((tip.header.number, photos))
        return found


def photo_of(number: int) -> bytes:
    """Return a photo that shows a number below 65,536 as black and white cells, which cleaning doesn't change."""
    cells = Image.new("L", (_SIDE, _SIDE))
    cells.putdata([255 * (number >> bit & 1) for bit in range(_SIDE * _SIDE)])
    out = io.BytesIO()
    cells.resize((_SIDE * _CELL,) * 2, Image.Resampling.NEAREST).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def number_in(photo: bytes) -> int:
    """Read the number that a photo shows."""
    cells = Image.open(io.BytesIO(photo)).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return sum((value > 127) << bit for bit, value in enumerate(cells.tobytes()))


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[Cluster]:
    """Run all of them, each with a data folder of its own."""
    async with AsyncExitStack() as stack:
        pair = stack.enter_context(postgres_pair())
        store = stack.enter_context(running_seaweedfs())
        pair.start()
        for name in ("main", "keys"):
            pair.execute(f"CREATE DATABASE {name}")
        await pair.join()
        shared: dict[str, Any] = {
            **{name: value for name, value in SETTINGS_OF_TESTS.items() if name != "SATARK_RECEIPT_CODES_AHEAD"},
            **_AT_ONCE, **_NO_DISK, **store.environment, **make_keys(folder),
            "SATARK_DATABASE_URL": pair.url("main"),
            "SATARK_KEYS_URL": pair.url("keys"),
            "SATARK_STORAGE_URL": f"s3://{BUCKET}/{token_hex(8)}",
        }  # fmt: skip
        first = await stack.enter_async_context(
            installation.set_up_installation(folder, shared, command=serving("web"), service=ForkedService)
        )
        nodes = {"web1": first.service, **add_nodes(first.service, folder, NODES, stack)}
        cluster = Cluster(first.peer, nodes, pair, store)
        printed = cluster.service.run("deploy", "nginx.conf").stdout
        proxy = Nginx(folder / "nginx", printed, [node.url for name, node in nodes.items() if name.startswith("web")])
        cluster.front = proxy.url
        for node in nodes.values():
            node.environment["SATARK_PUBLIC_URL"] = proxy.url
        await admit(nodes)
        proxy.start()
        stack.callback(proxy.stop)
        yield cluster
