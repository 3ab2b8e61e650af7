"""The page of a desk's queue shows the faults of this desk's destinations only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client
from sqlalchemy import update

from satark.api.routing import Desk, DestinationRule
from satark.api.tip import Accused
from satark.services import DeskContext, Services
from satark.store import breakers, tables
from support.tips import seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]


@pytest.fixture(autouse=True)
def destination_rules(services: Services) -> None:
    services.destination_rules = (
        DestinationRule(to="email:cell", desk="sp"),
        DestinationRule(to="email:dig-cell", desk="dig"),
    )


def test_the_queue_shows_which_destination_is_down(services: Services, browser: Browser, desk: FindDesk) -> None:
    client = browser("sp")
    assert "email:cell" not in client.get("/desk/").text
    seed_tip(services, [desk("sp")], destination_rules=services.destination_rules[:1])
    assert "email:cell" not in client.get("/desk/").text
    services.write_now(lambda unit: breakers.open_breaker(unit, "email:cell", "planted reason"))
    page = client.get("/desk/").text
    assert "has been unreachable since" in page
    assert "planted reason" not in page
    client.post("/desk/language", data={"language": "hi", "next": ""})
    assert "से संपर्क नहीं हो पा रहा है" in client.get("/desk/").text
    services.write_now(lambda unit: breakers.close_breaker(unit, "email:cell"))
    assert "email:cell" not in client.get("/desk/").text


def test_the_queue_says_that_the_system_has_a_fault(
    context: DeskContext, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser("sp")
    assert "has a fault" not in client.get("/desk/").text
    monkeypatch.setattr(context, "has_fault", lambda: True)
    assert "The system has a fault" in client.get("/desk/").text
    client.post("/desk/language", data={"language": "hi", "next": ""})
    assert "सिस्टम में ख़राबी है" in client.get("/desk/").text


def test_the_queue_shows_failed_deliveries(services: Services, browser: Browser, desk: FindDesk) -> None:
    seed_tip(services, [desk("sp")], destination_rules=services.destination_rules[:1])
    mail = update(tables.delivery).where(tables.delivery.c.destination == "email:cell")
    services.write_now(lambda unit: unit.main.execute(mail.values(state="dead_letter")))
    page = browser("sp").get("/desk/").text
    assert "has failed to accept deliveries since" in page
    assert "unreachable" not in page


def test_an_excluded_desks_queue_is_the_same_while_a_tip_about_that_desk_waits_elsewhere(
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
        services.write_now(lambda unit, to=destination: breakers.open_breaker(unit, to, "no route"))  # type: ignore[misc]
    assert client.get("/desk/").text == before
    assert "email:dig-cell" in browser("dig").get("/desk/").text
