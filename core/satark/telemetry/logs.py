"""Structured logs with a closed list of keys, so that no line can carry an address or a tip."""

import logging
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TextIO

import structlog

from satark.api.observability import describe_error, log

INDIA: Final = timezone(timedelta(hours=5, minutes=30))
"""The time zone of the log. CERT-In demands this one (docs/cert-in.md)."""


def configure_logging(*, json: bool, level: int = logging.INFO) -> None:
    """Send structured logs to standard error: JSON lines in production, readable lines in the demo.

    Only event names and the few keys of `ALLOWED` come through: all else that a call passes is dropped, so that no
    careless line can carry an address or a tip. Records of libraries (`logging`) are logged without their text.
    """
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[drop_unknown_keys, structlog.processors.add_log_level, stamp, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_Unfailing(sys.stderr)),  # type: ignore[arg-type]
    )
    logging.basicConfig(handlers=[_Libraries()], level=max(level, logging.WARNING), force=True)
    logging.captureWarnings(capture=True)


class _Unfailing:
    """A stream that ignores a line that can't be written: its disk may be full, or its reader gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def stamp(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the time in India, with the offset from UTC."""
    line["timestamp"] = datetime.now(INDIA).isoformat(timespec="milliseconds")
    return line


class _Libraries(logging.Handler):
    """Logs that a library logged something, and where. The library's text is dropped, since it may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        why = describe_error(error) if error else {}
        log.log(record.levelno, "library logged", library=record.name, at=f"{record.module}:{record.lineno}", **why)


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
        "hook",
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


def drop_unknown_keys(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop every key of a log line that is not allowed."""
    return {key: value for key, value in line.items() if key in ALLOWED}
