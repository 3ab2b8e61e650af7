"""The process's metrics. Labels are names of channels, sinks and configured destinations, and error codes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The process's metrics, in a registry of their own.

    Labels are names of channels, sinks and configured destinations, and error codes.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = self._counter("satark_webhooks", "webhooks by how they were answered", "channel", "answer")
        self.ignored = self._counter("satark_ignored_items", "items that need nothing", "channel")
        self.turns = self._counter("satark_turns", "turns taken", "channel")
        self.duplicates = self._counter("satark_duplicates", "events that had been taken before", "channel")
        self.failures = self._counter("satark_turn_failures", "turns that raised; the provider will retry", "channel")
        self.tips = self._counter("satark_tips", "tips confirmed", "channel")
        self.sends = self._counter("satark_sends", "provider calls by result", "channel", "result")
        self.reports = self._counter("satark_send_reports", "later reports of providers on calls", "channel", "result")
        self.files = self._counter("satark_files", "files by what became of them", "result")
        self.deliveries = self._counter("satark_deliveries", "deliveries by result", "sink", "result")
        self.spooled = self._counter(
            "satark_spooled", "batches spooled or refused while the database was down", "channel", "result"
        )
        self.replayed = self._counter("satark_spool_replayed", "spooled batches by result", "result")
        self.waiting = Gauge("satark_waiting", "what waits, by queue", ("queue",), registry=self.registry)
        self.deliveries_waiting = self._gauge("satark_deliveries_waiting", "deliveries that wait or are tried", "sink")
        self.deliveries_dead_lettered = self._gauge(
            "satark_deliveries_dead_lettered", "deliveries that are no longer attempted", "sink"
        )
        self.destinations_down = self._gauge(
            "satark_destinations_down", "destinations that are down; the name of one that is configured", "destination"
        )
        self.commit = Histogram(
            "satark_commit_seconds",
            "seconds from an event's arrival to its commit",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
        )
        self.listeners = self._counter("satark_listener_failures", "satark_event implementations that raised", "plugin")

    def render(self) -> bytes:
        """Give everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def clear_queue_gauges(self) -> None:
        """Empty the gauges that `satark.runtime.queue_metrics` fills."""
        for gauge in (self.deliveries_waiting, self.deliveries_dead_lettered, self.destinations_down):
            gauge.clear()

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)
