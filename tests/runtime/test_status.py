"""Metrics have a listener of their own; citizens' port has them only where the settings say so."""

from __future__ import annotations

import socket
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import PUBLIC_METRICS, Role
from satark.settings.settings import Settings, SettingsError
from satark_testing.processes.service import free_port
from satark_testing.processes.serving import serve

ADDRESS = "127.0.0.1"


def desk_host(folder: Path, listen: str) -> Host:
    return Host(Settings(data_dir=folder, plugins=(), metrics_listen=listen), frozenset[Role]({"desk"}))


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status


async def test_metrics_are_on_a_port_of_their_own(tmp_path: Path) -> None:
    own = f"{ADDRESS}:{free_port()}"
    async with serve(build_app(desk_host(tmp_path, own), listen_for_metrics=True)) as url:
        assert await status_of(f"{url}/metrics") == 404
        assert await status_of(f"http://{own}/metrics") == 200
        assert await status_of(f"http://{own}/healthz") == 200
        assert await status_of(f"{url}/readyz") == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await status_of(f"http://{own}/metrics")


@pytest.mark.parametrize(("listen", "status"), [(PUBLIC_METRICS, 200), ("", 404)])
async def test_they_are_on_the_services_port_where_the_setting_says_so(
    tmp_path: Path, listen: str, status: int
) -> None:
    async with serve(build_app(desk_host(tmp_path, listen), listen_for_metrics=True)) as url:
        assert await status_of(f"{url}/metrics") == status


async def test_a_taken_port_does_not_stop_the_service(tmp_path: Path) -> None:
    with capture_logs() as logged, socket.create_server((ADDRESS, 0)) as taken:
        host = desk_host(tmp_path, f"{ADDRESS}:{taken.getsockname()[1]}")
        async with serve(build_app(host, listen_for_metrics=True)) as url:
            assert await status_of(f"{url}/healthz") == 200
    assert any("metrics are not served" in entry["event"] for entry in logged)


async def test_of_several_processes_each_has_a_port_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(data_dir=tmp_path, plugins=(), metrics_listen=f"{ADDRESS}:{port}")
    first, second = (
        build_app(Host(settings, frozenset[Role]({"worker"}), is_alone=False), listen_for_metrics=True) for _ in "12"
    )
    async with serve(first), serve(second):
        assert await status_of(f"http://{ADDRESS}:{port}/metrics") == 200
        assert await status_of(f"http://{ADDRESS}:{port + 10}/metrics") == 200


@pytest.mark.parametrize("value", ["9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "everywhere"])
def test_a_malformed_address_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SATARK_METRICS_LISTEN", value)
    with pytest.raises(SettingsError, match="address:port"):
        Settings()
