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


def test_urgent_unfinished_tips_come_first_then_the_newest(
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
    assert listed(client.get("/desk/").text) == [tip.number for tip in (urgent, high, new, old, finished)]
    assert listed(client.get("/desk/?mark=urgent").text) == [urgent.number, high.number]
    assert '<a href="/desk/?mark=urgent"><b>2</b> High or urgent</a>' in client.get("/desk/").text


def test_urgent_tips_come_first_and_then_the_tips_that_were_answered_or_came_last(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    sp = [desk("sp")]
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    new = seed_tip(services, sp, received="2026-11-23T06/PT6H")
    life = seed_tip(services, sp, received="2026-11-01T06/PT6H", priority="urgent")
    client = browser("sp")
    assert listed(client.get("/desk/").text) == [life.number, new.number, old.number]
    seed_message(services, old, Message(sender="tipster", text="और भी", band="2026-11-24T06/PT6H"))
    assert listed(client.get("/desk/").text) == [life.number, old.number, new.number]
    assert "<title>(1) " in client.get("/desk/").text
