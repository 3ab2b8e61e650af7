"""The metrics of a process: what a scrape shows, and what is emptied before the queues are counted again."""

from __future__ import annotations

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
