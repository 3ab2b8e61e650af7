"""The page for the end of a shift hands tips over to another officer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
from support.tips import seed_tip

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
    return [(number, bool(ticked)) for number, ticked in re.findall(r'name="tip-([^"]+)" value="\d+"( checked)?', page)]


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
    assert "Tips done: 2." in done.text
    work = casework("lanka")
    held = holders(work)
    assert [held[station[name]] for name in ("sooner", "free", "later")] == ["lanka-2", "lanka-2", "lanka-1"]
    assert [posted.message.text for posted in work.open(station["free"]).thread][-1] == NOTE
    assert boxes(client.get("/desk/handover").text) == [(station["later"], True)]
