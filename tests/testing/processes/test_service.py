"""A service is a process on a free port. It starts, answers, and reports why it can't start."""

from __future__ import annotations

import sys
from pathlib import Path

import aiohttp
import pytest

from satark_testing.processes.service import Service, ServiceError

pytestmark = pytest.mark.slow("processes")

SERVER = """
import http.server, sys
class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Ok).serve_forever()
"""


async def answers(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/healthz") as answer:
        return answer.status


def service(folder: Path, script: str) -> Service:
    (folder / "server.py").write_text(script)
    return Service(folder / "data", {}, [sys.executable, str(folder / "server.py")])


async def test_a_killed_service_starts_again_and_keeps_its_port(tmp_path: Path) -> None:
    async with service(tmp_path, SERVER) as running:
        first, url = running.pid, running.url
        await running.kill()
        with pytest.raises(aiohttp.ClientError):
            await answers(url)
        await running.start()
        assert await answers(running.url) == 200
        assert (running.pid != first, running.url) == (True, url)


async def test_a_process_that_ends_at_its_start_raises_an_error_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no such luck"):
        await service(tmp_path, "raise SystemExit('no such luck')").start()


def test_a_failing_command_raises_an_error(tmp_path: Path) -> None:
    unused = service(tmp_path, "")
    with pytest.raises(ServiceError, match="No such command"):
        unused.run("nonsense")
    assert unused.run("nonsense", check=False).exit_code == 2
    with pytest.raises(ServiceError, match="not started"):
        _ = unused.pid
