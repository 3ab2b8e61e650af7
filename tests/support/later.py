"""Lets a test continue as if a time band were over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from satark.identity.time_buckets import BAND_HOURS

if TYPE_CHECKING:
    from satark.telemetry.metrics import Metrics


def render_a_band_later(metrics: Metrics) -> bytes:
    """Render the metrics as if the time band of everything counted so far were over."""
    metrics.end_bands(time.time() + BAND_HOURS * 3600, all_steps=True)
    return metrics.render()
