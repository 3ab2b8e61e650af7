"""What a forked service has before it begins: the clock first, then Satark with its plugins and what they read once."""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.metadata import entry_points

import_module("satark_testing.processes.shifted_clock")

from satark_words.catalogues import Catalogues  # noqa: E402 - the clock comes first
from satark_words.geography.geography import Geography  # noqa: E402
from satark_words.reader import Reader  # noqa: E402

import_module("satark.cli.serve")
import_module("satark_desk.web.app")
for _plugin in entry_points(group="satark"):
    _plugin.load()
for _package in ("satark.dialogue", "satark_desk.web", "satark_web_form"):
    Catalogues.of(_package)
Reader.shared(Geography.sample())
gc.collect()
gc.freeze()  # a fork searches nothing of this
