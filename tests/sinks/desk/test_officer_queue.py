"""The queue as one officer sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from httpx2 import Client

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.tip import Message
from satark.identity.time_buckets import band
from satark.services import DeskContext, Services
from satark.store import envelopes
from support.desk_reading import listed
from support.tips import seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]


def test_a_tip_is_marked_as_new_until_the_officer_opens_it(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert listed(client.get("/desk/?mark=new").text) == [seeded.number]
    client.get(f"/desk/tips/{seeded.number}")
    assert listed(client.get("/desk/?mark=new").text) == []
    seed_message(services, seeded, Message(sender="tipster", text="और भी"))
    assert "Updated" in client.get("/desk/?mark=new").text
    client.get(f"/desk/tips/{seeded.number}")
    assert listed(client.get("/desk/?mark=new").text) == []


def test_a_read_urgent_tip_is_pressing_again_once_its_first_act_is_overdue(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    client, now = browser("sp"), int(time.time())
    for pressing, arrived in enumerate((now - 1800, now - 7200)):
        seeded = seed_tip(services, [desk("sp")], priority="urgent", received=band(now), arrived=arrived)
        page = client.get(f"/desk/tips/{seeded.number}").text
        assert ("A desk must act by" in page) is not pressing
        assert client.get("/desk/news?poll=1").json()["pressing"] == pressing


def test_a_tip_links_to_its_neighbours_and_to_the_next_unread_tip(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    first, second, third = (seed_tip(services, [desk("sp")], received=f"2026-11-{d}T06/PT6H") for d in (22, 23, 24))
    client = browser("sp")
    assert f'href="/desk/tips/{first.number}" data-key="n"' in client.get("/desk/").text
    client.get(f"/desk/tips/{third.number}")
    page = client.get(f"/desk/tips/{second.number}?mark=open").text
    assert f'href="/desk/tips/{first.number}?mark=open" rel="prev"' in page
    assert f'href="/desk/tips/{third.number}?mark=open" rel="next"' in page
    assert f'href="/desk/tips/{first.number}?mark=open" data-key="n"' in page
    assert 'rel="prev"' not in client.get(f"/desk/tips/{first.number}").text
    # A tip that the filter leaves out is shown all the same.
    assert 'rel="next"' not in client.get(f"/desk/tips/{first.number}?status=CLOSED").text


def test_an_unread_tip_that_turns_urgent_is_heard(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = [seed_tip(services, [desk("sp")], priority=priority) for priority in ("normal", "high")]
    client = browser("sp")

    def pressing() -> int:
        found: int = client.get("/desk/news?poll=1").json()["pressing"]
        return found

    for one in seeded:
        before = pressing()
        cry = Message(sender="tipster", text="बचाओ", flags=("danger:life",))
        seed_message(services, one, cry)
        assert pressing() > before


def test_a_destination_that_reads_urgent_tips_gets_one_as_soon_as_the_desk_sees_that_it_turned_urgent(
    context: DeskContext, services: Services, browser: Browser, desk: FindDesk
) -> None:
    room = DestinationRule(to="police_system:room", desk="sp", recipient=new_identity()[0], priority="urgent")
    context.destination_rules = (room,)
    calm, cried = (seed_tip(services, [desk("sp")]) for _ in range(2))
    client = browser("sp")

    def given() -> list[str]:
        client.get("/desk/news?poll=1")
        both = (calm.id, cried.id)
        return [one for one in both if services.read_keys(partial(envelopes.find, tip=one, holder=room.to))]

    assert given() == []
    seed_message(services, cried, Message(sender="tipster", text="बचाओ", flags=("danger:life",)))
    assert given() == [cried.id]
