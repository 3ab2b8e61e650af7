"""A short torture run; `make torture` runs the full one."""

from __future__ import annotations

import pytest

from support.torture.__main__ import TARGETS, TOGETHER, parse_options
from support.torture.run import torture


def test_a_default_run_has_every_kind_of_destination_and_one_mail_server() -> None:
    assert tuple(parse_options([])["to"]) == TOGETHER
    with pytest.raises(SystemExit):
        parse_options(["--to", "email", "exim"])


@pytest.mark.full("torture")
@pytest.mark.needs("rabbitmq")
async def test_kills_and_faults_lose_duplicate_and_misroute_no_delivery() -> None:
    kinds = [TARGETS[name] for name in TOGETHER]
    found = await torture(kinds, tips=90, kills=6, workers=2, faulty=0.2, seed=7, limit=500)
    assert {name: one for name, one in found.items() if one.failures} == {}
    assert all(one.deliveries >= 30 for one in found.values())
    assert found["rabbitmq"].restarts == 1
    assert [one.answers.given for one in found.values()] == [0, 60, 30]


@pytest.mark.full("torture")
@pytest.mark.needs("exim")
async def test_kills_of_the_mail_server_lose_and_duplicate_no_mail() -> None:
    found = await torture([TARGETS["exim"]], tips=40, kills=4, workers=2, faulty=0.2, seed=7, limit=500)
    assert (found["email"].failures, found["email"].restarts) == (0, 1)
    assert found["email"].deliveries >= 40
