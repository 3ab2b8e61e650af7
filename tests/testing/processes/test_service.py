"""A service is a process on a free port: it starts, answers, and says why where it can't."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from satark_testing.processes.service import Service, ServiceError

pytestmark = pytest.mark.slow("a process")

SERVER = """
import http.server, sys
class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Ok).serve_forever()
"""


def service(folder: Path, script: str) -> Service:
    (folder / "server.py").write_text(script)
    return Service(folder / "data", {}, [sys.executable, str(folder / "server.py")])


async def test_a_killed_service_starts_again_and_keeps_its_port(tmp_path: Path) -> None:
    async with service(tmp_path, SERVER) as running:
        first, url, states = running.pid, running.url, [running.running]
        await running.kill()
        states.append(running.running)
        await running.start()
        states.append(running.running)
        assert states == [True, False, True]
        assert (running.pid != first, running.url) == (True, url)


async def test_a_process_that_ends_at_its_start_is_an_error_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no such luck"):
        await service(tmp_path, "raise SystemExit('no such luck')").start()


def test_a_command_that_fails_is_an_error(tmp_path: Path) -> None:
    quiet = service(tmp_path, "")
    with pytest.raises(ServiceError, match="No such command"):
        quiet.run("nonsense")
    assert quiet.run("nonsense", check=False).exit_code == 2
    with pytest.raises(ServiceError, match="not started"):
        _ = quiet.process
