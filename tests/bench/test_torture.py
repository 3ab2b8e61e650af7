"""A small slice of the torture run; `make torture` runs the whole."""

from __future__ import annotations

import pytest

from satark_torture.__main__ import TARGETS, torture


@pytest.mark.parametrize("to", sorted(TARGETS))
async def test_killed_workers_and_broken_destinations_lose_double_and_misroute_nothing(to: str) -> None:
    counts = await torture(to=to, tips=40, kills=3, workers=2, faulty=0.2, seed=7, limit=90)
    assert counts.failures == 0
    assert (counts.kills, counts.deliveries >= 40) == (3, True)
