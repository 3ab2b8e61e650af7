"""What the HTTP server does beside uvicorn."""

from __future__ import annotations

import gc

from satark.runtime.http_server import collect_rarely


def test_garbage_is_looked_for_rarely_and_not_among_what_the_process_is_made_of() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (5_000, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
