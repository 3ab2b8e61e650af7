"""Acts on several tips: an officer chooses and confirms them, and each tip's rules apply. A flood is one row."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework
from satark.identity.time_buckets import band
from satark.services import Services
from satark_desk import officer_queue
from support.desk_reading import confirmed
from support.tips import SeededTip, seed_message, seed_tip

FLOOD = "मेयर साहब ने पार्क की ज़मीन बेच दी है सब लोग शिकायत भेजें नहीं तो बच्चे कहाँ खेलेंगे"
FindDesk = Callable[[str], Desk]


@pytest.fixture
def flood(services: Services, desk: FindDesk) -> list[SeededTip]:
    """Eight copies of one text, among two other tips."""
    for what in ("UP65 CD 4411 से शराब आती है", "पार्क में जुआ होता है"):
        seed_tip(services, [desk("sp")], answers={"what": what})
    copies = [seed_tip(services, [desk("sp")], answers={"what": FLOOD}, category="OTHER") for _ in range(8)]
    return sorted(copies, key=lambda tip: tip.number)


def test_a_flood_of_eight_is_one_row_that_can_be_set_aside_and_resumed(
    flood: list[SeededTip], browser: Callable[..., Client], casework: Callable[[str], Casework]
) -> None:
    client = browser("sp")
    page = client.get("/desk/").text
    assert "8 tips of one day say nearly the same" in page
    assert len(re.findall("data-row", page)) == 2
    form = {f"tip-{tip.number}": "yes" for tip in flood} | {"kind": "aside"}
    confirm = client.post("/desk/bulk", data=form).text
    assert "Your report is kept." in confirm
    assert "Tips done: 8." in confirmed(client, confirm)
    assert {casework("sp").open(tip.number).status for tip in flood} == {"SET_ASIDE"}
    page = client.get("/desk/").text
    assert not any(tip.number in page for tip in flood)
    aside = client.get("/desk/?status=SET_ASIDE").text
    assert len(re.findall("data-row", aside)) == 5, "a page of them"
    again = client.post("/desk/bulk", data={**form, "kind": "resume"}).text
    assert "Tips done: 8." in confirmed(client, again)
    assert "8 tips of one day" in client.get("/desk/").text


def test_an_open_queue_is_told_of_a_flood_that_is_found_after_it_was_shown(
    flood: list[SeededTip], browser: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser("sp")
    with monkeypatch.context() as not_yet_compared:
        not_yet_compared.setattr(officer_queue, "flood_groups", lambda *_: [])
        assert "say nearly the same" not in client.get("/desk/").text
        before = client.get("/desk/news?poll=1").json()["version"]
    found = client.get("/desk/news?poll=1").json()["version"]
    assert found > before
    assert f"{len(flood)} tips of one day say nearly the same" in client.get("/desk/").text
    assert client.get("/desk/news?poll=1").json()["version"] == found


def test_a_flood_is_below_every_tip_that_ranks_above_it(
    services: Services, flood: list[SeededTip], desk: FindDesk, browser: Callable[..., Client]
) -> None:
    first = seed_tip(services, [desk("sp")], priority="high", received="2020-01-01T00/PT6H")
    page = browser("sp").get("/desk/").text
    assert page.index(f'id="tip-{first.number}"') < page.index(f"{len(flood)} tips of one day")


def test_a_flood_stands_in_the_section_that_counts_it_and_is_counted_as_shown(
    services: Services, flood: list[SeededTip], desk: FindDesk, browser: Callable[..., Client]
) -> None:
    both, told = [desk("sp"), desk("dig")], {"what": "सब लोग कहते हैं कि मेले में लाउडस्पीकर रात भर बजता है और पुलिस कुछ नहीं करती"}
    for _ in range(8):
        seed_tip(services, both, answers=told, category="OTHER", received=band(int(time.time())))
    at_sp, at_dig = (browser(name).get("/desk/").text for name in ("sp", "dig"))
    assert at_sp.index('id="section-now"') < at_sp.index("say nearly the same")
    assert f"Tips shown: {len(flood) + 8 + 2}" in at_sp
    assert 'id="section-now"' not in at_dig
    assert at_dig.index('id="section-waiting"') < at_dig.index("say nearly the same")


def test_a_tip_that_is_set_aside_is_listed_again_when_its_tipster_writes(
    services: Services, flood: list[SeededTip], browser: Callable[..., Client]
) -> None:
    client, one = browser("sp"), flood[0]
    confirmed(client, client.post("/desk/bulk", data={f"tip-{one.number}": "yes", "kind": "aside"}).text)
    assert not is_open(client, one)
    seed_message(services, one, Message(sender="tipster", text="they come tonight"))
    assert is_open(client, one)


def is_open(client: Client, tip: SeededTip) -> bool:
    """Whether the queue lists a tip among the unfinished ones, on any page."""
    return any(tip.number in client.get(f"/desk/?mark=open&page={page}").text for page in (1, 2))


def test_a_flood_is_merged_into_its_first_tip_and_refused_tips_are_named(
    services: Services, flood: list[SeededTip], desk: FindDesk, browser: Callable[..., Client]
) -> None:
    elsewhere = seed_tip(services, [desk("sp"), desk("dig")])
    client, leading = browser("sp"), flood[0].number
    form = {f"tip-{tip.number}": "yes" for tip in (*flood, elsewhere)} | {"kind": "merge"}
    confirm = client.post("/desk/bulk", data=form).text
    assert f"Tips to merge into {leading}: 7" in confirm
    done = confirmed(client, confirm)
    assert "Tips done: 7." in done
    assert re.search(rf"{elsewhere.number}</a> <span class=\"refused\">These tips are not at the same desks", done)
    assert all(tip.number in client.get(f"/desk/tips/{leading}").text for tip in flood)


@pytest.mark.parametrize("form", [{"kind": "aside"}, {"tip-K999-9999": "yes"}, {"kind": "no", "tip-K999-9999": "yes"}])
def test_a_form_without_tips_or_without_an_act_does_nothing(
    form: dict[str, str], flood: list[SeededTip], browser: Callable[..., Client]
) -> None:
    del flood
    page = browser("sp").post("/desk/bulk", data=form).text
    assert "Tick at least one tip" in page
    assert 'name="confirmed"' not in page


def test_tips_that_an_officer_had_read_stay_read(
    flood: list[SeededTip], browser: Callable[..., Client], casework: Callable[[str], Casework]
) -> None:
    client, one = browser("sp"), flood[0]
    client.get(f"/desk/tips/{one.number}")
    form = {f"tip-{tip.number}": "yes" for tip in flood[:2]} | {"kind": "priority", "priority": "high", "text": "crowd"}
    confirmed(client, client.post("/desk/bulk", data=form).text)
    assert casework("sp").open(one.number).header.priority == "high"
    page = client.get("/desk/?mark=new&priority=high").text
    assert (one.number in page, flood[1].number in page) == (False, True)
