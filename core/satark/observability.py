"""Counts, logs and happenings. None of them ever holds content, an address, or a label that points to one tip."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Literal, TypeAlias

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

Kind: TypeAlias = Literal[
    "turn",
    "tip",
    "file_sealed",
    "file_lost",
    "delivery_done",
    "delivery_dead",
    "destination_down",
    "destination_up",
    "expired",
]


class Happening(msgspec.Struct, frozen=True):
    """Something that happened, for `satark_event`: what, and on which channel, sink or nothing at all."""

    kind: Kind
    where: str = ""


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
        self.kept = self._counter(
            "satark_kept", "batches kept or refused while the database was down", "channel", "result"
        )
        self.let_in = self._counter("satark_kept_let_in", "kept batches by what became of them", "result")
        self.waiting = Gauge("satark_waiting", "what waits, by queue", ("queue",), registry=self.registry)
        self.deliveries_waiting = self._gauge("satark_deliveries_waiting", "deliveries that wait or are tried", "sink")
        self.deliveries_dead = self._gauge("satark_deliveries_dead", "deliveries that are not tried any more", "sink")
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

    def forget_backlog(self) -> None:
        """Empty the gauges that `satark.backlog` fills."""
        for gauge in (self.deliveries_waiting, self.deliveries_dead, self.destinations_down):
            gauge.clear()

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)


def configure_logging(*, json: bool, level: int = logging.INFO) -> None:
    """Send structured logs to standard error: JSON lines in production, readable lines in the demo.

    Only event names and the few keys of `ALLOWED` come through: whatever else a call passes is dropped, so that no
    careless line can carry an address or a tip. What libraries log through `logging` is told without its text.
    """
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            only_allowed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_Libraries()], level=max(level, logging.WARNING), force=True)
    logging.captureWarnings(capture=True)


class _Libraries(logging.Handler):
    """Says that a library logged something, and where; never what: its words and its tracebacks may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        error = record.exc_info[1] if record.exc_info else None
        why = told(error) if error else {}
        log.log(record.levelno, "library logged", library=record.name, at=f"{record.module}:{record.lineno}", **why)


def told(error: BaseException) -> dict[str, str]:
    """What may be logged of an exception: its class, the line that raised it, and the last of our lines on the way."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame[0].startswith("satark")]
    raised = " < ".join(f"{module}:{line}" for module, line in dict.fromkeys([*frames[-1:], *ours[-1:]]))
    return {"error": type(error).__name__, "raised": raised}


ALLOWED = frozenset(
    {
        "event",
        "channel",
        "sink",
        "plugin",
        "role",
        "code",
        "count",
        "error",
        "attempt",
        "host",
        "port",
        "path",
        "setting",
        "library",
        "at",
        "raised",
    }
)
"""The keys that a log line may have. `error` is an exception's class name, never its text; `at` and `raised` are places
in the code."""


def only_allowed(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop every key of a log line that is not allowed."""
    return {key: value for key, value in line.items() if key in ALLOWED}


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
