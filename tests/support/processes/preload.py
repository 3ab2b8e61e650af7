"""Prepares the process from which services are forked: a clock that tests can set, and Satark with its plugins.

The clock comes first, since modules of Satark may copy its functions when they are imported.
"""

from __future__ import annotations

import gc
import time
from importlib import import_module
from importlib.metadata import entry_points

_real = time.time
_seconds_off = 0.0


def shift(seconds: float) -> None:
    """Shift the clock of this process by so many seconds."""
    global _seconds_off  # noqa: PLW0603 - a process has one clock
    _seconds_off = seconds


def _shifted() -> float:
    return _real() + _seconds_off


time.time = _shifted

from satark.runtime import dependency_faults, fault_watch  # noqa: E402 - the clock comes first
from satark_words.catalogues import Catalogues  # noqa: E402
from satark_words.geography.geography import Geography  # noqa: E402
from satark_words.reader import Reader  # noqa: E402


def shorten_hour(seconds: float) -> None:
    """Let this process look every so many seconds for what it looks for once an hour."""
    fault_watch.MISSING_FIRST = fault_watch.MISSING_EVERY = seconds
    dependency_faults.band_end = lambda now: now  # type: ignore[attr-defined]


import_module("satark.cli.serve")
import_module("satark_desk.web.app")
for _plugin in entry_points(group="satark"):
    _plugin.load()
for _package in ("satark.dialogue", "satark_desk.web", "satark_web_form"):
    Catalogues.of(_package)
Reader.shared(Geography.sample())
gc.collect()
gc.freeze()  # a fork searches nothing of this
