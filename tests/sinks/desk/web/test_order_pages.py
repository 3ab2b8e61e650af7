"""Written orders: the page and the command give the same order, and only to the desk that directed the tip."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from support.tips import SeededTip, seed_message, seed_tip


@pytest.fixture
def directed(services: Services, desk: Callable[[str], Desk], unlocked: Callable[[str], UnlockedDesk]) -> str:
    """The number of a tip that the SP directed to the station."""
    number, work = seed_tip(services, [desk("sp")]).number, unlocked("sp").casework(services)
    act = DeskAct(name="direct", to="lanka", text="Raid it tonight", rewording="Liquor is sold near the market")
    DeskActs(services, work, Clocks()).perform(work.open(number), act)
    return number


def test_an_order_is_a_pdf_for_the_desk_that_gives_it(directed: str, browser: Callable[..., Client]) -> None:
    client = browser("sp")
    assert client.get(f"/desk/tips/{directed}/orders/lanka").status_code == 404
    page = client.post(f"/desk/tips/{directed}/orders", data={"to": "lanka"}).text
    assert f"/desk/tips/{directed}/orders/lanka" in page
    answer = client.get(f"/desk/tips/{directed}/orders/lanka?language=hi")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/pdf", "no-store")
    assert answer.content.startswith(b"%PDF")
    assert browser("lanka").get(f"/desk/tips/{directed}/orders/lanka").status_code == 404


@pytest.fixture
def seeded(services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> SeededTip:
    """A tip with text by the tipster and by officers. The tip's category looks like a formula."""
    answers = {"what": "मेरी दुकान", "who": "Kallu"}
    tip = seed_tip(services, [desk("sp")], answers=answers, category="=1+1", received="2026-11-24T06/PT6H")
    seed_message(services, tip, Message(sender="tipster", text="my brother saw it"))
    work = casework("sp")
    direct = DeskAct(name="direct", to="lanka", text="look tonight", rewording="liquor near the market")
    DeskActs(services, work, Clocks()).perform(work.open(tip.number), direct)
    return tip


def test_a_row_has_the_state_of_a_case_and_no_text_that_anybody_wrote(
    seeded: SeededTip, browser: Callable[..., Client]
) -> None:
    answer = browser("sp").get("/desk/cases.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    cells = dict(zip(head, row, strict=True))
    assert (cells["Number"], cells["Received"], cells["Directed to"]) == (seeded.number, "2026-11-24", "lanka title")
    assert date.fromisoformat(cells["Report due"]) > date(2026, 11, 24)
    assert cells["Category"] == "'=1+1"
    for words in ("दुकान", "Kallu", "brother", "tonight", "market", "11:30", "06:00", "Hindi", "chat"):
        assert words not in answer.text
