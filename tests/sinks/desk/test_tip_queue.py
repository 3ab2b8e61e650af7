"""The queue's rows and their neighbours."""

from __future__ import annotations

from satark_desk.tip_queue import Row, neighbours


def test_a_tip_outside_the_queue_has_no_neighbours() -> None:
    rows: list[Row] = []
    assert neighbours(rows, "x").unread == ""
