"""The watch detects output, log lines and warnings of a plugin, and calls that block the event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog

from satark_testing.contracts import watching
from satark_testing.contracts.rules import BrokenRule
from satark_testing.contracts.watching import Watch

SECRET = "919876543210"


@pytest.mark.parametrize(
    "tell",
    [
        lambda: sys.stdout.write(SECRET),
        lambda: logging.getLogger("plugin").debug("from %s", SECRET),
        lambda: structlog.get_logger().info("x", sender=SECRET),
        lambda: warnings.warn(SECRET, stacklevel=1),
    ],
    ids=["print", "log", "structlog", "warning"],
)
def test_a_secret_is_detected_in_output_logs_and_warnings(tell: Callable[[], object]) -> None:
    watch = Watch()
    with watch.running("C59"):
        tell()
    with pytest.raises(BrokenRule, match="C58"):
        watch.check_output([SECRET], "C58")
    watch.check_output(["something else"], "C58")


def test_a_blocking_call_is_detected_and_its_line_named() -> None:
    watch = Watch()
    with watch.running("C59"):
        time.sleep(0)
        with socket.socket() as asleep:
            asleep.settimeout(0)
            asleep.connect_ex(("127.0.0.1", 9))
    assert len(watch.blocked) == 1
    with pytest.raises(BrokenRule, match=r"C59(.*\n)*.*sleep called in test_watching.py, line"):
        watch.check_blocking("C59")


def test_opened_files_are_recorded_only_inside_no_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    watch = Watch()
    with watch.running("C59"):
        (tmp_path / "a").read_text()
        assert watch.opened == []
        with watch.no_files():
            (tmp_path / "a").read_text()
    assert len(watch.opened) == 1


class _Plugin:
    """A plugin whose methods never come back."""

    async def waits_for_a_lock(self) -> None:
        lock = threading.Lock()
        lock.acquire()
        with suppress(Exception):
            lock.acquire()

    async def goes_on(self) -> None:
        while True:
            len("")


@pytest.mark.parametrize("name", ["waits_for_a_lock", "goes_on"])
def test_a_method_that_hangs_is_stopped_and_its_line_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_STANDSTILL_SECONDS", 0.05)
    monkeypatch.setattr(watching, "_KIT", "/test_watching_kit")
    kit: dict[str, Any] = {}
    exec(compile("async def check(method):\n    await method()\n", "/test_watching_kit.py", "exec"), kit)  # noqa: S102
    said = rf"C59(.*\n)*.*{name} stands still in test_watching.py, line"
    with pytest.raises(BrokenRule, match=said), Watch().running("C59"):
        asyncio.run(kit["check"](getattr(_Plugin(), name)))
