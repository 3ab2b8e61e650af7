"""Logs and metrics contain only allowed values."""

from __future__ import annotations

import ast
import errno
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import structlog
import uvicorn
from aiohttp import ClientSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from satark.api.observability import describe_error, log
from satark.api.sealing import CantOpen, check_recipient
from satark.runtime.http_server import uvicorn_options
from satark.telemetry.logs import ALLOWED, configure_logging
from satark.telemetry.metrics import Metrics
from satark_testing.processes.serving import serve

pytestmark = pytest.mark.slow("a host")

ROOT = Path(__file__).parents[2]
WORDS = "a truck behind the temple"


@contextmanager
def configured(*, json: bool, level: int = logging.INFO) -> Iterator[None]:
    """Configure the log as a process does, and restore pytest's afterwards."""
    root = logging.getLogger()
    before, threshold = root.handlers[:], root.level
    root.handlers = []
    try:
        configure_logging(json=json, level=level)
        yield
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
        root.handlers, root.level = before, threshold


@pytest.mark.parametrize("as_json", [True, False])
def test_a_log_line_has_only_the_allowed_keys(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001 - pytest's
    with configured(json=as_json):
        log.bind().error("delivery dead", sink="desk", attempt=3, address="9140112233", text="planted")
    printed = capsys.readouterr().err
    assert "delivery dead" in printed
    assert "desk" in printed
    assert "9140112233" not in printed
    assert "planted" not in printed
    if as_json:
        assert set(json.loads(printed)) == {"event", "sink", "attempt", "level", "timestamp"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE])
def test_a_line_that_can_not_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    class Failing(StringIO):
        def write(self, _text: str) -> int:
            raise OSError(number, "planted")

    monkeypatch.setattr("sys.stderr", Failing())
    with configured(json=True):
        log.error("fault")


def test_a_log_lines_time_is_that_of_india(capsys: pytest.CaptureFixture[str]) -> None:
    with configured(json=True):
        log.warning("disk full")
    stamped = datetime.fromisoformat(json.loads(capsys.readouterr().err)["timestamp"])
    assert stamped.utcoffset() == timedelta(hours=5, minutes=30)
    assert abs(datetime.now(UTC) - stamped) < timedelta(minutes=1)


def test_lines_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    with configured(json=True, level=40):
        log.bind().info("too quiet")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("as_json", [True, False])
async def test_lines_of_libraries_about_a_failed_request_are_logged_without_their_text(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001 - pytest's
) -> None:
    async def fail(request: Request) -> None:
        body = await request.body()
        logging.getLogger("some.library").warning("from %s: %r", request.client, body)
        int(body)

    app = Starlette(routes=[Route("/", fail, methods=["POST"])])
    with configured(json=as_json):
        uvicorn.Config(app, **uvicorn_options("127.0.0.1", 0))  # sets its own logging up, if it is let
        async with serve(app) as url, ClientSession() as client, client.post(url, data=WORDS) as answer:
            assert answer.status == 500
    printed = capsys.readouterr().err
    assert WORDS not in printed
    assert "127.0.0.1" not in printed
    for said in ("some.library", "uvicorn.error", "ValueError"):
        assert said in printed


def test_an_exception_is_logged_as_its_class_and_places_in_the_code() -> None:
    with pytest.raises(CantOpen) as caught:
        check_recipient(WORDS)
    kind, raised = describe_error(ExceptionGroup(WORDS, [caught.value])).values()
    assert kind == "CantOpen"
    assert raised.startswith("satark.api.sealing:")
    assert raised.removeprefix("satark.api.sealing:").isdigit()


def test_every_process_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.failures.labels("chat").inc()
    assert b'satark_turn_failures_total{channel="chat"} 1.0' in one.render()
    assert b'channel="chat"' not in other.render()


LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def test_every_key_that_the_code_logs_is_allowed() -> None:
    paths = [path for folder in ("core", "channels", "sinks") for path in sorted((ROOT / folder).rglob("*.py"))]
    calls = [(path, call) for path in paths for call in log_calls(ast.parse(path.read_text("utf-8")))]
    assert len(calls) > 20
    dropped = [
        f"{path.relative_to(ROOT)}:{call.lineno}: {key.arg}"
        for path, call in calls
        for key in call.keywords
        if key.arg is not None and key.arg not in {*ALLOWED, "exc_info"}
    ]
    assert dropped == []


def log_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield every call of the log."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"log", "_log"}:
                yield node
