"""systemd is told that a process serves and that its event loop runs."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.runtime.systemd import show_life
from satark.settings.settings import Settings
from satark_testing.waiting import until
from support.scripted import ScriptedChannel, scripted_host


@pytest.fixture(params=["a path", "an abstract address"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket at which systemd listens."""
    address = str(tmp_path / "notify") if request.param == "a path" else f"@satark-{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as made:
        made.bind(address.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "30000")
        yield made


def heard(systemd: socket.socket) -> set[bytes]:
    found = set[bytes]()
    while True:
        try:
            found.add(systemd.recv(100))
        except BlockingIOError:
            return found


@pytest.mark.slow("a host")
async def test_a_process_reports_repeatedly_that_it_serves_and_lives(systemd: socket.socket, tmp_path: Path) -> None:
    async with scripted_host(Settings(data_dir=tmp_path), ScriptedChannel()).running():
        for _ in range(3):
            assert await until(lambda: heard(systemd)) == {b"READY=1\nWATCHDOG=1"}


async def test_a_process_that_has_not_started_or_hangs_shows_no_life(systemd: socket.socket) -> None:
    started = asyncio.Event()
    showing = asyncio.create_task(show_life(started))
    await asyncio.sleep(0.05)
    assert not heard(systemd)
    started.set()
    await until(lambda: heard(systemd))
    heard(systemd)
    time.sleep(0.2)  # noqa: ASYNC251 - the loop hangs
    assert not heard(systemd)
    showing.cancel()


async def test_a_systemd_that_does_not_listen_stops_nothing(systemd: socket.socket) -> None:
    systemd.close()
    started = asyncio.Event()
    started.set()
    showing = asyncio.create_task(show_life(started))
    await asyncio.sleep(0.05)
    assert not showing.done()
    showing.cancel()
