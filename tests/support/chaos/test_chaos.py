"""A short run of chaos on each database; `make chaos` runs the full one."""

from __future__ import annotations

import pytest

from support.chaos.__main__ import DATABASES
from support.chaos.ledger import Ledger
from support.chaos.run import chaos

pytestmark = pytest.mark.full("chaos")


@pytest.mark.parametrize("database", DATABASES)
async def test_no_tip_is_lost_doubled_misrouted_or_unreadable(database: str) -> None:
    run = await chaos(database, tips=12, kills=4, together=6, seed=3, limit=500)
    assert run.counts.failures == 0, run
    assert run.counts.receipts == 12
    assert sum(run.blows.values()) >= 8


async def test_the_ledger_counts_each_kind_of_failure() -> None:
    ledger = Ledger()
    for words, desks in {"a": ["sp", "dig"], "b": ["dig"], "c": ["sp", "dig"]}.items():
        ledger.acknowledged(words, desks, words)
    counts = ledger.compare({"sp": ["a", "a", "b"], "dig": ["a", "b", "c"]}, {"sp": 4, "dig": 3})
    assert (counts.lost, counts.doubled, counts.misrouted, counts.unreadable) == (1, 1, 1, 1)
    assert ledger.compare({"sp": ["a", "c"], "dig": ["a", "b", "c"]}, {"sp": 2, "dig": 3}).failures == 0
