"""A small slice of the torture run; `make torture` runs the whole."""

from __future__ import annotations

from satark_torture.__main__ import torture


async def test_killed_workers_and_a_broken_mail_server_lose_double_and_misroute_nothing() -> None:
    counts = await torture(tips=40, kills=3, workers=2, faulty=0.2, seed=7, limit=90)
    assert counts.failures == 0
    assert (counts.kills, counts.deliveries >= 40) == (3, True)
