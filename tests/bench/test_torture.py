"""A small slice of the torture run; `make torture` runs the whole."""

from __future__ import annotations

import pytest

from satark_torture.__main__ import TARGETS
from satark_torture.run import torture


@pytest.mark.timeout(300)
@pytest.mark.needs("rabbitmq")
async def test_killed_workers_and_broken_destinations_lose_double_and_misroute_nothing() -> None:
    found = await torture(list(TARGETS.values()), tips=90, kills=6, workers=2, faulty=0.2, seed=7, limit=240)
    assert {name: one.failures for name, one in found.items()} == dict.fromkeys(TARGETS, 0)
    assert all(one.deliveries >= 30 for one in found.values())
    assert found["rabbitmq"].restarts == 1
    assert [one.answers.given for one in found.values()] == [0, 60, 30]
