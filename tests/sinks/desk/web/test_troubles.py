"""A destination that is down, as the officer sees it on the queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from satark.desk import Desk
from satark.destination import DestinationRule
from satark.services import Services
from satark.store import breakers, tables
from satark.testing.tips import seed_tip
from satark.tip import Accused

Browser = Callable[..., TestClient]
FindDesk = Callable[[str], Desk]


@pytest.fixture(autouse=True)
def destination_rules(services: Services) -> None:
    services.destination_rules = (
        DestinationRule(to="email:cell", desk="sp"),
        DestinationRule(to="email:dig-cell", desk="dig"),
    )


def test_an_officer_sees_which_destination_of_the_desk_is_down_and_what_waits(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    client = browser("sp")
    assert "email:cell" not in client.get("/desk/").text
    seed_tip(services, [desk("sp")], destination_rules=services.destination_rules[:1])
    assert "email:cell" not in client.get("/desk/").text
    services.write_now(lambda unit: breakers.begin(unit, "email:cell", "planted reason"))
    page = client.get("/desk/").text
    assert "is not reachable" in page
    assert "Tips that wait for it: 1" in page
    assert "planted reason" not in page
    client.post("/desk/language", data={"language": "hi", "next": ""})
    assert "रुकी सूचनाएँ: 1" in client.get("/desk/").text
    services.write_now(lambda unit: breakers.end(unit, "email:cell"))
    assert "email:cell" not in client.get("/desk/").text


def test_an_officer_sees_what_a_destination_did_not_take(services: Services, browser: Browser, desk: FindDesk) -> None:
    seed_tip(services, [desk("sp")], destination_rules=services.destination_rules[:1])
    mail = update(tables.delivery).where(tables.delivery.c.destination == "email:cell")
    services.write_now(lambda unit: unit.main.execute(mail.values(state="dead")))
    page = browser("sp").get("/desk/").text
    assert "did not take what was sent to it" in page
    assert "not reachable" not in page


def test_an_excluded_desks_queue_is_the_same_while_a_tip_about_it_waits_elsewhere(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    client = browser("sp")
    before = client.get("/desk/").text
    seed_tip(
        services,
        [desk("dig")],
        accused=Accused(level="district"),
        excluded=("sp",),
        destination_rules=services.destination_rules[1:],
    )
    for destination in ("email:dig-cell", "desk:dig"):
        services.write_now(lambda unit, to=destination: breakers.begin(unit, to, "no route"))  # type: ignore[misc]
    assert client.get("/desk/").text == before
    assert "email:dig-cell" in browser("dig").get("/desk/").text
