"""Metrics, except faults, change only at the ends of bands, and never tell when something first happened."""

from __future__ import annotations

from satark.identity.time_buckets import BAND_HOURS
from satark.telemetry.band_counts import STEP
from satark.telemetry.metrics import Metrics

BAND = BAND_HOURS * 3600


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0 * BAND

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_counts_of_messages_are_shown_when_their_band_is_over() -> None:
    clock = Clock()
    metrics = Metrics(clock)
    empty = metrics.render()
    for _ in range(STEP + 3):
        metrics.turns.count("chat")
        metrics.webhooks.count("chat", "accepted")
        metrics.sends.count("chat", "accepted")
        metrics.tips.count("chat")
        metrics.files.count("sealed")
        metrics.deliveries.count("desk", "done")
        metrics.ignored.count("chat")
        metrics.duplicates.count("chat")
        metrics.commit.observe(0.002)
    clock.now += BAND - 1
    assert metrics.render() == empty
    clock.now += 1
    shown = metrics.render().decode()
    for line in ('turns_total{channel="chat"} 16.0', 'deliveries_total{result="done",sink="desk"} 19.0'):
        assert f"satark_{line}" in shown
    assert "satark_commit_seconds_count 16.0" in shown
    assert 'satark_commit_seconds_bucket{le="0.001"} 0.0' in shown
    assert 'satark_commit_seconds_bucket{le="0.0025"} 16.0' in shown
    assert "satark_commit_seconds_sum 0.032" in shown
    assert metrics.render().decode() == shown


def test_faults_are_shown_at_once() -> None:
    metrics = Metrics(Clock())
    metrics.webhooks.count("chat", "unsigned")
    metrics.sends.count("chat", "131047")
    metrics.deliveries.count("desk", "dead_letter")
    metrics.failures.labels("chat").inc()
    shown = metrics.render().decode()
    assert 'satark_webhooks_total{answer="unsigned",channel="chat"} 1.0' in shown
    assert 'satark_sends_total{channel="chat",result="131047"} 1.0' in shown
    assert 'satark_deliveries_total{result="dead_letter",sink="desk"} 1.0' in shown
    assert 'satark_turn_failures_total{channel="chat"} 1.0' in shown


def test_no_series_tells_when_something_first_happened() -> None:
    metrics = Metrics()
    metrics.failures.labels("chat").inc()
    metrics.reports.labels("chat", "failed").inc()
    assert b"_created" not in metrics.render()
