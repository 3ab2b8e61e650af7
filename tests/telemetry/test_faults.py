"""Faults are reported once when they begin and once when they end, in the log and in the gauge."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from satark.telemetry.faults import TASK_SECONDS, Fault, Faults, failing_task, refusal_code, refusing_provider

DISK = Fault("disk_full", "3 MB are left on the disk", "make room", stops=True)
SLOW = Fault("clock_wrong", "the clock is 90 seconds ahead", "set it")


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def faults(registry: CollectorRegistry, clock: Clock) -> Faults:
    return Faults(registry, clock)


def test_a_fault_is_reported_once_until_it_is_over(faults: Faults, registry: CollectorRegistry) -> None:
    def gauge() -> Any:
        return registry.get_sample_value("satark_fault", {"fault": "disk_full"})

    with capture_logs() as lines:
        faults.begin(DISK)
        faults.begin(DISK)
        assert (faults.current, gauge()) == ([DISK], 1)
        faults.end("disk_full")
        faults.end("disk_full")
    assert (faults.current, gauge()) == ([], 0)
    assert [(one["log_level"], one["event"]) for one in lines] == [
        ("error", "fault: 3 MB are left on the disk; make room"),
        ("info", "fault is over: 3 MB are left on the disk"),
    ]


def test_faults_that_stop_everything_come_first(faults: Faults) -> None:
    faults.begin(SLOW)
    faults.begin(DISK)
    assert faults.current == [DISK, SLOW]


def test_a_check_ends_the_faults_of_its_group_that_it_no_longer_finds(faults: Faults) -> None:
    faults.begin(refusing_provider("whatsapp", "190"))
    faults.show("disk", [DISK])
    faults.show("clock", [SLOW])
    faults.show("disk", [])
    assert [one.code for one in faults.current] == ["clock_wrong", refusal_code("whatsapp")]


def test_a_fault_with_a_term_ends_unless_it_is_reported_again(faults: Faults, clock: Clock) -> None:
    for now in (0.0, 50.0):
        clock.now = now
        faults.begin(DISK, seconds=60)
    clock.now = 109
    faults.end_expired()
    assert faults.current == [DISK]
    clock.now = 110
    faults.end_expired()
    assert faults.current == []


def test_a_task_is_a_fault_from_its_third_failure_until_it_has_run_for_a_while(faults: Faults, clock: Clock) -> None:
    for failures in (1, 2):
        faults.task_failed("replies", failures)
    assert faults.current == []
    faults.task_failed("replies", 3)
    assert faults.current == [failing_task("replies")]
    clock.now = TASK_SECONDS
    faults.end_expired()
    assert faults.current == []


def test_only_faults_that_no_tip_can_have_caused_are_faults_of_the_machine(faults: Faults) -> None:
    faults.show("queues", [Fault("files_wait", "3 files wait", "look")])
    faults.begin(refusing_provider("whatsapp", "190"))
    assert not faults.of_machine
    faults.show("disk", [DISK])
    assert faults.of_machine
