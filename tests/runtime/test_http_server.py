"""What the HTTP server adds to uvicorn."""

from __future__ import annotations

import gc

from satark.runtime.http_server import collect_rarely


def test_garbage_is_collected_rarely_and_not_among_the_objects_of_the_start() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (5_000, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
