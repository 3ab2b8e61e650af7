"""While a desk's tips are read for the first time, pages say how far that is, and show what was read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client
from starlette.applications import Starlette

from satark.api.routing import Desk
from satark.casework import Progress, TipCache
from satark.services import Services
from satark_desk.web.opened_desk import OpenedDesk
from support.tips import seed_tip

FindDesk = Callable[[str], Desk]
Browser = Callable[..., Client]


def test_a_page_shows_how_far_the_first_opening_is(
    browser: Browser, site: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenedDesk, "progress", lambda *_: Progress(30, 200))
    client = browser()
    form = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}
    page = client.post("/desk/sign-in", data=form).text
    assert '<progress max="200" value="30"' in page
    assert "15 percent" in page
    assert '<meta http-equiv="refresh"' in page
    assert "<progress" not in client.get("/desk/account").text


def test_while_older_tips_are_read_the_queue_and_tips_that_were_read_are_shown(
    browser: Browser, services: Services, desk: FindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded, client = seed_tip(services, [desk("sp")]), browser()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"})
    client.get("/desk/")
    monkeypatch.setattr(TipCache, "progress", property(lambda _: Progress(30, 200)))
    queue = client.get("/desk/").text
    assert seeded.number in queue
    assert "15 percent of the tips are opened" in queue
    assert "<progress" not in client.get(f"/desk/tips/{seeded.number}").text
    assert client.get("/desk/news").json()["version"]
    for page in ("tips/ZZZZ-ZZZZ", "figures", "cases.csv", "handover", "retention"):
        assert '<progress max="200" value="30"' in client.get(f"/desk/{page}").text


def test_the_first_queue_shows_a_flood_as_one_row_though_not_all_tips_are_compared(
    browser: Browser, services: Services, desk: FindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TipCache, "_go_on", lambda cache: cache._stopped.wait())
    text = "मेयर साहब ने पार्क की ज़मीन बेच दी है सब लोग शिकायत भेजें नहीं तो बच्चे कहाँ खेलेंगे"
    answers = {"category": "OTHER", "what": text}
    flood = [seed_tip(services, [desk("sp")], answers=answers) for _ in range(12)]
    client = browser()
    form = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}
    queue = client.post("/desk/sign-in", data=form).text
    assert "12 tips of one day" in queue
    assert not [tip.number for tip in flood if f'id="tip-{tip.number}"' in queue]
    client.post("/desk/sign-out")
