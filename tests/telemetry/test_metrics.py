"""The metrics of a process: the values of a scrape, and which are emptied before the queues are counted again."""

from __future__ import annotations

from satark.identity.time_buckets import BAND_HOURS
from satark.telemetry.faults import Fault
from satark.telemetry.metrics import STEP, Metrics


def test_a_scrape_shows_counters_and_gauges_and_no_time_of_creation() -> None:
    metrics = Metrics()
    metrics.failures.labels("whatsapp").inc()
    metrics.waiting.labels("replies").set(3)
    shown = metrics.render().decode()
    assert 'satark_turn_failures_total{channel="whatsapp"} 1.0' in shown
    assert 'satark_waiting{queue="replies"} 3.0' in shown
    assert "_created" not in shown


def test_each_process_has_a_registry_of_its_own() -> None:
    first, second = Metrics(), Metrics()
    first.failures.labels("whatsapp").inc()
    assert b'channel="whatsapp"' not in second.render()


def test_a_destination_that_is_gone_is_shown_no_more() -> None:
    metrics = Metrics()
    metrics.destinations_down.labels("email").set(1)
    metrics.deliveries_waiting.labels("email").set(2)
    metrics.clear_queue_gauges()
    assert b'"email"' not in metrics.render()


def test_a_process_continues_the_counts_of_its_predecessor() -> None:
    now = [0.0]
    before, after = Metrics(lambda: now[0]), Metrics(lambda: now[0])
    alarm = Fault("alarm", "something is wrong", "do something")
    for metrics in (before, after):
        metrics.failures.labels("whatsapp").inc(2)
        for _ in range(9):
            metrics.turns.count("whatsapp")
        metrics.commit.observe(0.02)
    before.faults.begin(alarm, seconds=60)
    before.faults.begin(Fault("look", "every process sees it", "do something"))
    after.take_over(before.counts())
    assert after.faults.current == [alarm]
    assert 'satark_turn_failures_total{channel="whatsapp"} 4.0' in after.render().decode()
    assert "satark_turns_total{" not in after.render().decode()
    now[0] += 6 * 3600
    assert 'satark_turns_total{channel="whatsapp"} 16.0' in after.render().decode()
    after.take_over(b"")


def test_a_published_count_is_not_published_again_by_the_next_process() -> None:
    now = [0.0]
    metrics = Metrics(lambda: now[0])
    metrics.tips.count("whatsapp")
    now[0] += 6 * 3600
    for _ in range(3):
        following = Metrics(lambda: now[0])
        following.take_over(metrics.counts())
        metrics = following
        assert 'satark_tips_total{channel="whatsapp"} 1.0' in metrics.render().decode()


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


def test_nothing_usual_that_a_tipster_causes_is_shown_before_its_band_is_over() -> None:
    metrics = Metrics(Clock())
    before = metrics.render()
    metrics.reports.count("chat", "accepted")
    metrics.spooled.count("sms", "spooled")
    metrics.webhooks.count("chat", "spooled")
    metrics.replayed.count("ingested")
    assert metrics.render() == before


def test_no_series_tells_when_something_first_happened() -> None:
    metrics = Metrics()
    metrics.failures.labels("chat").inc()
    metrics.reports.count("chat", "failed")
    assert b"_created" not in metrics.render()
