"""The order of a queue."""

from __future__ import annotations

from collections.abc import Callable

from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework
from satark.services import Services
from support.desk_reading import listed
from support.tips import seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def test_urgent_tips_that_nobody_acts_on_come_first_then_what_is_due_and_finished_ones_in_a_section_of_their_own(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    sp = [desk("sp")]
    new = seed_tip(services, sp, received="2026-11-24T06/PT6H")
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    urgent = seed_tip(services, sp, received="2026-11-19T06/PT6H", priority="urgent")
    high = seed_tip(services, sp, received="2026-11-18T06/PT6H", priority="high")
    finished = seed_tip(services, sp, received="2026-11-17T06/PT6H", priority="urgent")
    casework("sp").respond(casework("sp").open(finished.number), status="ACTED")
    client = browser("sp")
    page = client.get("/desk/").text
    assert listed(page) == [tip.number for tip in (urgent, high, old, new)]
    assert listed(client.get("/desk/?mark=urgent").text) == [urgent.number, high.number]
    assert listed(client.get("/desk/?section=done").text) == [finished.number]
    for section, count in (
        ("", "<b>4</b> All work"),
        ("section=now", "<b>4</b> Act now"),
        ("section=done", "<b>1</b> Done"),
    ):
        assert f'<a href="/desk/?{section}"' in page
        assert count in page


def test_what_is_due_first_comes_first_and_of_what_is_due_together_the_tip_that_was_heard_of_last(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    sp = [desk("sp")]
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    other = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    new = seed_tip(services, sp, received="2026-11-23T06/PT6H")
    life = seed_tip(services, sp, received="2026-11-01T06/PT6H", priority="urgent")
    client = browser("sp")
    assert set(listed(client.get("/desk/").text)[1:3]) == {old.number, other.number}
    seed_message(services, old, Message(sender="tipster", text="और भी", band="2026-11-24T06/PT6H"))
    assert listed(client.get("/desk/").text) == [life.number, old.number, other.number, new.number]
    assert "<title>(1) " in client.get("/desk/").text
