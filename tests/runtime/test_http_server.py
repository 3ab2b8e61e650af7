"""What the HTTP server adds to uvicorn."""

from __future__ import annotations

import gc

from satark.runtime.http_server import collect_rarely, uvicorn_options


def test_garbage_is_collected_rarely_and_not_among_the_objects_of_the_start() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (5_000, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_the_server_says_nothing_of_itself_and_notes_nothing_of_a_request() -> None:
    silent = {"server_header": False, "access_log": False, "proxy_headers": False, "ws": "none"}
    assert uvicorn_options("127.0.0.1", 0).items() >= silent.items()
