"""Written orders: the page and the command give the same order, and only to the desk that directed the tip."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.casework import Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from support.tips import seed_tip


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
