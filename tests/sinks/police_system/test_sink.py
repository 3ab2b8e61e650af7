"""The sink hands over what the settings allow, and gives up a delivery that no retry can fix."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api.background import run_in_thread
from satark.api.sink import DeadLetter, Done
from satark_police_system.sink import PoliceSink
from satark_police_system.systems import PoliceSystem
from support.police_tip import read_archive


def delivery(name: str = "main", tip: str = "one") -> Any:
    return SimpleNamespace(name=name, tip=tip, idempotency_key="0" * 32, revision=1)


@pytest.fixture
def sink(system: PoliceSystem, make_folder: Any) -> PoliceSink:
    return PoliceSink({"main": system}, make_folder, "urn:satark")


async def test_the_event_has_the_allowed_answers_and_no_other(sink: PoliceSink, folder: Path) -> None:
    assert await sink.deliver(delivery()) == Done()
    event = json.loads(read_archive(folder)["event.json"])
    assert event["source"] == "urn:satark"
    assert "गाँव के बाहर" in str(event["data"])
    assert "a neighbour" not in str(event["data"])


@pytest.mark.parametrize(
    ("given", "reason"),
    [(delivery("other"), "no such police system"), (delivery(tip="altered"), "can't be opened")],
)
async def test_a_delivery_that_no_retry_can_fix_is_a_dead_letter(given: Any, reason: str, sink: PoliceSink) -> None:
    found = await sink.deliver(given)
    assert isinstance(found, DeadLetter)
    assert reason in found.reason


async def test_a_system_that_can_not_be_reached_is_named(sink: PoliceSink, folder: Path) -> None:
    assert await sink.find_faults() == []
    await run_in_thread(folder.rmdir)
    (fault,) = await sink.find_faults()
    assert "the police system main can't be reached" in fault


def test_each_configured_system_reads_tips(sink: PoliceSink) -> None:
    assert (sink.reads("main"), sink.reads("other")) == (True, False)
