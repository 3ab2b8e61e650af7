"""The metrics of a process: what a scrape shows, and what is emptied before the queues are counted again."""

from __future__ import annotations

from satark.telemetry.faults import Fault
from satark.telemetry.metrics import Metrics


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


def test_a_process_counts_on_from_where_the_one_before_it_stopped() -> None:
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


def test_a_count_that_was_published_is_not_published_again_by_the_next_process() -> None:
    now = [0.0]
    metrics = Metrics(lambda: now[0])
    metrics.tips.count("whatsapp")
    now[0] += 6 * 3600
    for _ in range(3):
        following = Metrics(lambda: now[0])
        following.take_over(metrics.counts())
        metrics = following
        assert 'satark_tips_total{channel="whatsapp"} 1.0' in metrics.render().decode()
