"""The canary: a synthetic installation whose tipsters carry made-up identifiers, and a search for them afterwards.

`run_canary` starts a host with simulated providers, lets marked tipsters send tips on every channel, and searches
everything that was written for their identifiers in every encoding. `SABOTAGES` are one-line changes of the code, each
of which the canary must notice.
"""

from __future__ import annotations

from satark.testing.canary.report import Report
from satark.testing.canary.run import run_canary
from satark.testing.canary.sabotages import SABOTAGES, Sabotage

__all__ = ["SABOTAGES", "Report", "Sabotage", "run_canary"]
