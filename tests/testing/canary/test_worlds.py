"""The canary finds nothing in eight synthetic worlds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.identity.time_buckets import BAND_HOURS
from satark_testing.canary import worlds
from satark_testing.canary.worlds import Report, run_canary, seconds_off
from support.canary.broker import BrokerQueues
from support.canary.late_service import LateService
from support.processes.forked import ForkedService

BAND = BAND_HOURS * 3600


@pytest.mark.full("eight installations")
@pytest.mark.needs("rabbitmq")
async def test_no_listed_value_reveals_a_secret(tmp_path: Path, rabbitmq: Any) -> None:
    report = await run_canary(tmp_path, lambda: [BrokerQueues(rabbitmq.url)], (ForkedService, LateService))
    assert report.finds == ()
    assert report.identifiers > 30
    assert report.places > 1000


def test_a_late_clock_stays_in_the_same_band(monkeypatch: pytest.MonkeyPatch) -> None:
    for now in (BAND * 7, BAND * 7 + 1, BAND * 7 + BAND // 2 - 1, BAND * 7 + BAND // 2, BAND * 8 - 1):
        monkeypatch.setattr("time.time", lambda now=now: now)
        assert (now + seconds_off()) // BAND == 7
        assert abs(seconds_off()) >= 3 * 3600


async def test_a_chance_difference_is_not_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = "in the content of messages of queue sp"
    found = ("a tells the words", "phone as raw in log ", "phone as 5 digits in log ", f"phone as raw {sent} 1")
    runs = [
        (
            *found,
            "b tells the desk",
            "c tells the sender",
            f"phone as 5 digits {sent} 2",
            f"phone as 6 digits {sent} 3",
        ),
        ("a tells the words", "c tells the sender", f"phone as 6 digits {sent} 4"),
        ("a tells the words", "b tells the desk", f"phone as 6 digits {sent} 5"),
    ]
    seen = []

    async def run(folder: Path, *_: object) -> Report:
        seen.append(folder)
        return Report(finds=runs[len(seen) - 1], places=1, identifiers=1)

    monkeypatch.setattr(worlds, "run_worlds", run)
    report = await run_canary(tmp_path)
    assert report.finds == (*found, f"phone as 6 digits {sent} 3")
    assert str(report).endswith("5 hits: 1 identifiers in 1 places")
    assert len(set(seen)) == 3
