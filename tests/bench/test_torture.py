"""A small slice of the torture run; `make torture` runs the whole."""

from __future__ import annotations

import pytest

from satark_torture.__main__ import TARGETS, TOGETHER, read
from satark_torture.run import torture


def test_a_run_takes_everything_at_once_but_one_mail_server() -> None:
    assert tuple(read([])["to"]) == TOGETHER
    with pytest.raises(SystemExit):
        read(["--to", "email", "exim"])


@pytest.mark.timeout(300)
@pytest.mark.needs("rabbitmq")
async def test_killed_processes_and_broken_destinations_lose_double_and_misroute_nothing() -> None:
    kinds = [TARGETS[name] for name in TOGETHER]
    found = await torture(kinds, tips=90, kills=6, workers=2, faulty=0.2, seed=7, limit=240)
    assert {name: one for name, one in found.items() if one.failures} == {}
    assert all(one.deliveries >= 30 for one in found.values())
    assert found["rabbitmq"].restarts == 1
    assert [one.answers.given for one in found.values()] == [0, 60, 30]


@pytest.mark.timeout(300)
@pytest.mark.needs("exim")
async def test_debians_mail_server_killed_with_the_workers_loses_and_doubles_nothing() -> None:
    found = await torture([TARGETS["exim"]], tips=40, kills=4, workers=2, faulty=0.2, seed=7, limit=240)
    assert (found["email"].failures, found["email"].restarts) == (0, 1)
    assert found["email"].deliveries >= 40
