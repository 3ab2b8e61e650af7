"""What a forked service has imported before it begins: the clock first, then Satark with its plugins."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

import_module("satark_chaos.shifted")
import_module("satark.cli.serve")
import_module("satark_desk.web.app")
for _plugin in entry_points(group="satark"):
    _plugin.load()
