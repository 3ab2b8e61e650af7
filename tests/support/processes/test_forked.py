"""A forked process has the given variables, folder and clock, and its end is detected."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from support.processes.forked import CLOCK, ForkedService

pytestmark = pytest.mark.slow("a process")

SCRIPT = """
import http.server, json, os, sys, tempfile, time

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

said = {"variables": dict(os.environ), "folder": os.getcwd(), "temporary": tempfile.gettempdir(), "time": time.time(),
        "arguments": sys.argv[1:]}
print(json.dumps(said), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Answers).serve_forever()
"""
DECADES = 1e9


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForkedService:
    """A service whose process is forked from a script in the test's folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    return ForkedService(tmp_path / "data", {"SET": "x", CLOCK: str(DECADES)}, [str(tmp_path / "script.py"), "one"])


async def test_a_forked_script_has_its_own_variables_folder_and_clock(
    service: ForkedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_LATER", "x")
    await service.start({"TMPDIR": str(tmp_path)})
    await service.stop()
    said = json.loads(service.log.read_text().splitlines()[0])
    assert "SET" in said["variables"]
    assert "SET_LATER" not in said["variables"]
    assert (said["folder"], said["temporary"]) == (str(tmp_path), str(tmp_path))
    assert said["time"] > time.time() + DECADES / 2
    assert said["arguments"] == ["one", "--port", str(service.port)]


async def test_a_killed_process_has_ended_and_can_be_started_again(service: ForkedService) -> None:
    async with service:
        first = service.pid
        await service.kill()
        ran_on = service.running
        await service.start()
        assert (ran_on, service.running) == (False, True)
        assert service.pid != first
