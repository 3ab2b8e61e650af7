"""Logs and metrics: what they let through."""

from __future__ import annotations

import json

import pytest
import structlog

from satark.observability import Metrics, configure_logging, log


@pytest.mark.parametrize("as_json", [True, False])
def test_a_log_line_carries_the_allowed_keys_alone(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001 - pytest's
    try:
        configure_logging(json=as_json)
        log.bind().error("delivery dead", sink="desk", attempt=3, address="9140112233", text="planted")
    finally:
        structlog.reset_defaults()
    printed = capsys.readouterr().err
    assert "delivery dead" in printed
    assert "desk" in printed
    assert "9140112233" not in printed
    assert "planted" not in printed
    if as_json:
        assert set(json.loads(printed)) == {"event", "sink", "attempt", "level", "timestamp"}


def test_lines_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        configure_logging(json=True, level=40)
        log.bind().info("too quiet")
    finally:
        structlog.reset_defaults()
    assert capsys.readouterr().err == ""


def test_every_process_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.turns.labels("chat").inc()
    assert b'satark_turns_total{channel="chat"} 1.0' in one.render()
    assert b'channel="chat"' not in other.render()
