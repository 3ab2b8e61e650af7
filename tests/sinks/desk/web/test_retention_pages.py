"""Keeping and erasing on the web: due tips, legal holds, and the second officer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.identity.edge_key import Identity
from satark.retention.schedule import ensure_key
from satark.services import Services
from support.tips import SeededTip, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]


@pytest.fixture
def tip(services: Services, desk: FindDesk) -> SeededTip:
    """A tip of the SP and the DIG. The tip's term is over."""
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    return seed_tip(services, [desk("sp"), desk("dig")], received="2020-01-01T00/PT6H")


def test_due_tips_are_listed(services: Services, browser: Browser, desk: FindDesk, tip: SeededTip) -> None:
    fresh = seed_tip(services, [desk("sp")])
    page = browser("sp").get("/desk/retention").text
    assert tip.number in page
    assert fresh.number not in page
    assert "may be erased from 31 Dec 2022" in page


def test_one_officer_asks_for_a_hold_and_another_agrees(services: Services, browser: Browser, tip: SeededTip) -> None:
    sp, dig = browser("sp"), browser("dig")
    address = f"/desk/retention/{tip.number}"
    asked = sp.post(f"{address}/ask_hold", data={"reason": "High Court <b>12</b>", "once": "1"}).text
    assert "A legal hold keeps this tip" in asked
    assert "High Court &lt;b&gt;12" in asked
    assert "Another officer of a desk that has this tip must agree" in asked
    assert sp.post(f"{address}/agree", data={"once": "2"}).status_code == 422
    waiting = dig.get("/desk/retention").text
    assert "Waiting for a second officer" in waiting
    shown = dig.get(address).text
    assert "I agree" in shown
    assert dig.post(f"{address}/agree", data={"once": "1"}).status_code == 422
    (asked_at,) = re.findall(r'name="asked_at" value="(\d+)"', shown)
    agreed = dig.post(f"{address}/agree", data={"once": "2", "asked_at": asked_at}).text
    assert "A legal hold keeps this tip" in agreed
    assert "I agree" not in agreed
    assert "agreed to a legal hold" in sp.get(f"/desk/tips/{tip.number}").text
    assert "Held" in sp.get("/desk/retention").text


def test_a_reason_is_required_and_limited_in_length(services: Services, browser: Browser, tip: SeededTip) -> None:
    client = browser("sp")
    for reason in ("", "  ", "x" * 1001):
        assert client.post(f"/desk/retention/{tip.number}/ask_hold", data={"reason": reason}).status_code == 422
    assert client.get("/desk/retention").text.count("A legal hold was asked for") == 0


@pytest.mark.parametrize("step", ["hold", "lift", "erasure", "nonsense"])
def test_no_step_is_taken_without_the_first_officer(browser: Browser, tip: SeededTip, step: str) -> None:
    answer = browser("sp").post(f"/desk/retention/{tip.number}/{step}", data={"reason": "court", "once": "1"})
    assert answer.status_code == 404


def test_a_tip_of_another_desk_is_not_there(services: Services, browser: Browser, tip: SeededTip) -> None:
    client = browser("lanka")
    assert client.get(f"/desk/retention/{tip.number}").status_code == 404
    assert client.post(f"/desk/retention/{tip.number}/ask_hold", data={"reason": "x"}).status_code == 404
    assert tip.number not in client.get("/desk/retention").text
    unknown = client.get("/desk/retention/4K7Q-2XPM")
    assert (unknown.status_code, unknown.text) == (
        404,
        client.get(f"/desk/retention/{tip.number}").text.replace(tip.number, "4K7Q-2XPM"),
    )


def test_a_double_click_asks_once(services: Services, browser: Browser, tip: SeededTip) -> None:
    client = browser("sp")
    for _ in range(2):
        answer = client.post(f"/desk/retention/{tip.number}/ask_hold", data={"reason": "court", "once": "1"})
        assert answer.status_code == 200
    assert client.get(f"/desk/tips/{tip.number}").text.count("asked for a legal hold") == 1


def test_if_the_worker_has_never_run_the_page_says_so_and_keeps_the_typed_reason(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded, client = seed_tip(services, [desk("sp")]), browser("sp")
    answer = client.post(f"/desk/retention/{seeded.number}/ask_hold", data={"reason": "High Court 12", "once": "1"})
    assert answer.status_code == 422
    assert "has not been started completely" in answer.text
    assert "High Court 12</textarea>" in answer.text
