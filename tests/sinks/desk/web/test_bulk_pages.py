"""Acts on several tips: an officer chooses and confirms them, and each tip's rules apply. A flood is one row."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import Result
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
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


def confirmed(client: Client, page: str) -> str:
    """Confirm an act on several tips, as the page's button does; return the page that follows."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    return client.post("/desk/bulk", data={**fields, "confirmed": "yes"}).text


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
    assert "Done with 8 tips." in confirmed(client, confirm)
    assert {casework("sp").open(tip.number).status for tip in flood} == {"SET_ASIDE"}
    page = client.get("/desk/").text
    assert not any(tip.number in page for tip in flood)
    aside = client.get("/desk/?status=SET_ASIDE").text
    assert len(re.findall("data-row", aside)) == 5, "a page of them"
    again = client.post("/desk/bulk", data={**form, "kind": "resume"}).text
    assert "Done with 8 tips." in confirmed(client, again)
    assert "8 tips of one day" in client.get("/desk/").text


def test_a_flood_stands_below_every_tip_that_ranks_above_it(
    services: Services, flood: list[SeededTip], desk: FindDesk, browser: Callable[..., Client]
) -> None:
    first = seed_tip(services, [desk("sp")], priority="high", received="2020-01-01T00/PT6H")
    page = browser("sp").get("/desk/").text
    assert page.index(f'id="tip-{first.number}"') < page.index(f"{len(flood)} tips of one day")


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
    elsewhere = seed_tip(services, [desk("sp")], district="jaunpur")
    client, leading = browser("sp"), flood[0].number
    form = {f"tip-{tip.number}": "yes" for tip in (*flood, elsewhere)} | {"kind": "merge"}
    confirm = client.post("/desk/bulk", data=form).text
    assert f"Tips to merge into {leading}: 7" in confirm
    done = confirmed(client, confirm)
    assert "Done with 7 tips." in done
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


PASSPHRASE = "quiet mango tractor 7 violin ledger"
NOTE = "the van comes at nine"


@pytest.fixture
def station(services: Services, unlocked: Callable[[str], UnlockedDesk], desk: Callable[[str], Desk]) -> dict[str, str]:
    """Numbers of the station's tips: two that `lanka-1` holds, one that nobody holds, one of another officer."""
    first = unlocked("lanka")
    add_officer(services, first, NewOfficer(name="lanka-2", passphrase=PASSPHRASE))
    sp, lanka = unlocked("sp").casework(services), first.casework(services)
    numbers = {}
    for name, hours, officer in (
        ("later", 48, "lanka-1"),
        ("sooner", 2, "lanka-1"),
        ("free", 24, ""),
        ("other", 3, "lanka-2"),
    ):
        numbers[name] = seed_tip(services, [desk("sp")]).number
        do(services, sp, numbers[name], DeskAct(name="direct", to="lanka", text="look", due=in_hours(services, hours)))
        if officer:
            do(services, lanka, numbers[name], DeskAct(name="assign", to=officer))
    return numbers


def in_hours(services: Services, hours: int) -> int:
    return services.write_now(lambda unit: unit.now) + hours * 3600


def do(services: Services, casework: Casework, number: str, act: DeskAct) -> None:
    DeskActs(services, casework, Clocks()).perform(casework.open(number), act)


def boxes(page: str) -> list[tuple[str, bool]]:
    """Return the tips of the page's boxes in the page's order, and whether each box is ticked."""
    return [(number, bool(ticked)) for number, ticked in re.findall(r'name="tip-([^"]+)" value="yes"( checked)?', page)]


def holders(casework: Casework) -> dict[str, str]:
    return {one.header.number: one.work.assigned.get("lanka", "") for one in casework.summaries()}


def test_the_page_lists_held_and_owed_tips_in_the_order_of_their_due_times(
    browser: Callable[..., Client], station: dict[str, str]
) -> None:
    page = browser("lanka").get("/desk/handover").text
    assert boxes(page) == [(station["sooner"], True), (station["later"], True), (station["free"], False)]
    assert "<option>lanka-2</option>" in page
    assert "<option>lanka-1</option>" not in page


def test_one_form_gives_the_ticked_tips_to_another_officer_with_a_note(
    browser: Callable[..., Client], station: dict[str, str], casework: Callable[[str], Casework]
) -> None:
    client = browser("lanka")
    given = {f"tip-{station[name]}": "yes" for name in ("sooner", "free")}
    asked = client.post("/desk/bulk", data={"kind": "assign", "officer": "lanka-2", "text": NOTE, **given})
    assert NOTE in asked.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    done = client.post("/desk/bulk", data={**hidden, "confirmed": "yes"})
    assert "Done with 2 tips." in done.text
    work = casework("lanka")
    held = holders(work)
    assert [held[station[name]] for name in ("sooner", "free", "later")] == ["lanka-2", "lanka-2", "lanka-1"]
    assert [posted.message.text for posted in work.open(station["free"]).thread][-1] == NOTE
    assert boxes(client.get("/desk/handover").text) == [(station["later"], True)]


def test_the_command_hands_over_all_tips_that_the_officer_holds_and_no_other(
    run: Callable[..., Result], station: dict[str, str], casework: Callable[[str], Casework]
) -> None:
    result = run("desk", "hand-over", "lanka", "--to", "lanka-2", "--note", NOTE, by="lanka")
    assert (result.exit_code, sorted(line.partition(":")[0] for line in result.output.splitlines())) == (
        0,
        sorted([station["sooner"], station["later"]]),
    )
    assert holders(casework("lanka"))[station["free"]] == ""
    again = run("desk", "hand-over", "lanka", "--to", "lanka-2", by="lanka")
    assert (again.exit_code, "no tip is assigned to you" in again.output) == (1, True)
    refused = run("desk", "hand-over", "lanka", station["free"], "--to", "nobody", by="lanka")
    assert (refused.exit_code, "officer of your desk" in refused.output) == (1, True)
