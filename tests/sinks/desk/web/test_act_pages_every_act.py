"""Which acts with which input the pages accept from which desk, on tips in each state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
from httpx2 import Client, Response
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import ACT_NAMES, Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark.store import tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_desk.settings import DeskSettings
from satark_desk.web.app import build
from support.site_client import site_client
from support.store import desk_context
from support.tips import SeededTip, erase, post_as, seed_message, seed_tip

pytestmark = pytest.mark.slow("every act by its page")


class Case(NamedTuple):
    """One act by one desk, in a state of the tip."""

    desk: str
    state: str
    act: str
    fields: Mapping[str, str]
    is_allowed: bool


OWN_WORDS = "मेरी दुकान के सामने कच्ची शराब बन रही है"
DONE = {"outcome": "fir", "text": "registered", "reason": "acted upon"}
CASES = [
    Case("sp", "new", "status", {"status": "VERIFYING", "text": "x"}, is_allowed=True),
    Case("sp", "new", "status", {"status": "ACTED"}, is_allowed=True),
    Case("lanka", "directed", "status", {"status": "VERIFYING"}, is_allowed=False),
    Case("sp", "directed", "status", {"status": "VERIFYING"}, is_allowed=True),
    Case("sp", "new", "ask", {"text": "which road?"}, is_allowed=True),
    Case("sp", "new", "ask", {"text": " "}, is_allowed=False),
    Case("lanka", "directed", "ask", {"text": "which road?"}, is_allowed=False),
    Case("sp", "directed", "ask", {"text": "which road?"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "x"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "x", "private": "yes"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "  "}, is_allowed=False),
    Case("sp", "new", "note", {"text": "x" * 10_001}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look"}, is_allowed=True),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "due": "2026-01-01T10:00"}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "due": "soon"}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": " "}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "nowhere", "text": "look"}, is_allowed=False),
    Case(
        "sp", "new", "direct", {"to": "lanka", "text": "look", "rewording": "liquor", "give_who": "x"}, is_allowed=True
    ),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "rewording": OWN_WORDS}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "raw": "yes"}, is_allowed=True),
    Case("lanka", "directed", "direct", {"to": "dig", "text": "look"}, is_allowed=False),
    Case("sp", "raw asked", "consent", {}, is_allowed=False),
    Case("sp", "new", "consent", {}, is_allowed=False),
    Case("sp", "directed", "withdraw", {"to": "lanka", "text": "wrong desk"}, is_allowed=True),
    Case("dig", "directed", "withdraw", {"to": "lanka", "text": "wrong desk"}, is_allowed=True),
    Case("sp", "directed", "withdraw", {"to": "lanka", "text": ""}, is_allowed=False),
    Case("sp", "directed", "withdraw", {"to": "dig", "text": "x"}, is_allowed=False),
    Case("lanka", "directed", "withdraw", {"to": "lanka", "text": "x"}, is_allowed=False),
    Case("sp", "new", "report", {"text": "seen"}, is_allowed=False),
    Case("lanka", "directed", "report", {"text": "seen"}, is_allowed=True),
    Case("lanka", "directed", "report", {"text": " "}, is_allowed=False),
    Case("sp", "new", "close", DONE, is_allowed=True),
    Case("sp", "new", "close", {**DONE, "reason": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "text": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "outcome": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "outcome": "won"}, is_allowed=False),
    Case("lanka", "directed", "close", {**DONE, "reason": ""}, is_allowed=True),
    Case("sp", "asked", "approve", {"reason": "acted upon"}, is_allowed=True),
    Case("sp", "asked", "approve", {"reason": ""}, is_allowed=False),
    Case("lanka", "asked", "approve", {"reason": "acted upon"}, is_allowed=False),
    Case("sp", "asked", "refuse", {"text": "look again"}, is_allowed=True),
    Case("sp", "asked", "refuse", {"text": ""}, is_allowed=False),
    Case("sp", "new", "refuse", {"text": "x"}, is_allowed=False),
    Case("sp", "disputed", "status", {"status": "ACTED"}, is_allowed=False),
    Case("dig", "disputed", "close", DONE, is_allowed=True),
    Case("sp", "new", "correct", {"priority": "urgent", "text": "armed"}, is_allowed=True),
    Case("sp", "new", "correct", {"priority": "urgent", "text": ""}, is_allowed=False),
    Case("sp", "new", "correct", {"priority": "normal", "text": "x"}, is_allowed=False),
    Case("sp", "new", "correct", {"category": "ARMS", "text": "x"}, is_allowed=True),
    Case("sp", "new", "correct", {"category": "NONSENSE", "text": "x"}, is_allowed=False),
    Case("sp", "new", "assign", {"to": "sp-1"}, is_allowed=True),
    Case("sp", "new", "assign", {"to": "dig-1"}, is_allowed=False),
    Case("sp", "new", "merge", {"to": "K999-9999"}, is_allowed=False),
    Case("sp", "new", "unmerge", {}, is_allowed=False),
    Case("sp", "merged", "unmerge", {}, is_allowed=True),
    Case("sp", "merged", "status", {"status": "VERIFYING"}, is_allowed=False),
    Case("sp", "merged", "close", DONE, is_allowed=False),
    Case("sp", "merged", "merge", {"to": "K999-9999"}, is_allowed=False),
    Case("sp", "new", "status", {"status": "SET_ASIDE"}, is_allowed=True),
    Case("sp", "urgent", "status", {"status": "SET_ASIDE"}, is_allowed=False),
    Case("sp", "new", "recuse", {}, is_allowed=True),
    Case("dig", "new", "recuse", {}, is_allowed=False),
    Case("sp", "recused", "readmit", {"to": "sp-2", "text": "another man of that name"}, is_allowed=True),
    Case("sp", "recused", "readmit", {"to": "sp-2", "text": " "}, is_allowed=False),
    Case("sp", "recused", "readmit", {"to": "sp-1", "text": "x"}, is_allowed=False),
    Case("sp", "recused", "assign", {"to": "sp-2"}, is_allowed=False),
    Case("sp", "new", "readmit", {"to": "sp-2", "text": "x"}, is_allowed=False),
]


@pytest.fixture
def tip_in(
    services: Services,
    desk: Callable[[str], Desk],
    casework: Callable[[str], Casework],
    unlocked: Callable[[str], UnlockedDesk],
) -> Any:
    """Make a tip in a state: new, directed by the SP to the station, asked to be closed, disputed, `sp-2` recused."""
    desks = [desk("sp"), desk("dig")]
    acts = {name: DeskActs(services, casework(name), Clocks()) for name in ("sp", "lanka")}

    second = unlocked("sp")
    passphrase = "quiet mango tractor 7 violin ledger"
    add_officer(services, second, NewOfficer(name="sp-2", passphrase=passphrase))
    recusing = unlock(services, "sp", "sp-2", passphrase).casework(services)

    def do(name: str, seeded: SeededTip, act: DeskAct) -> None:
        acts[name].perform(casework(name).open(seeded.number), act)

    def make(state: str) -> SeededTip:
        answers = {"category": "liquor", "what": OWN_WORDS}
        seeded = seed_tip(services, desks, answers=answers, priority="urgent" if state == "urgent" else "normal")
        if state == "recused":
            tip = recusing.open(seeded.number)
            DeskActs(services, recusing, Clocks()).perform(tip, DeskAct(name="recuse"))
        if state == "merged":
            do("sp", seeded, DeskAct(name="merge", to=seed_tip(services, desks).number))
        if state == "raw asked":
            do("sp", seeded, DeskAct(name="direct", to="lanka", text="look", raw=True))
        if state in {"directed", "asked"}:
            do("sp", seeded, DeskAct(name="direct", to="lanka", text="look"))
        if state == "asked":
            do("lanka", seeded, DeskAct(name="close", outcome="nothing_found", text="nobody there"))
        if state == "disputed":
            do("sp", seeded, DeskAct(name="close", outcome="nothing_found", text="x", reason="nothing found"))
            seed_message(services, seeded, Message(sender="tipster", text="no", feedback="no"))
        return seeded

    return make


@pytest.mark.full("every act")
def test_every_act_is_taken_or_refused_as_the_rules_say(
    tip_in: Callable[[str], SeededTip], browser: Callable[..., Client]
) -> None:
    clients = {name: browser(name) for name in ("sp", "dig", "lanka")}
    wrong = []
    for case in CASES:
        number = tip_in(case.state).number
        form = {**case.fields, "confirmed": "yes", "once": number}
        answer = clients[case.desk].post(f"/desk/tips/{number}/{case.act}", data=form, follow_redirects=False)
        if ("done=" in answer.headers["location"]) != case.is_allowed:
            wrong.append(str(case))
    assert wrong == []
    assert {case.act for case in CASES} == set(ACT_NAMES)


ALLOWED = {case.act: case for case in reversed(CASES) if case.is_allowed}
"""Act → the first case in which the rules allow it."""
BY_TWO = {"consent", "merge"}
"""Acts that no case allows: they take a second officer, or the number of a second tip."""
OF_PEOPLE = {"recuse"}
"""Acts that do not depend on what the page showed, so their forms don't say it."""


class Racing:
    """An officer who has confirmed an act while something happens."""

    def __init__(
        self, case: Case, seeded: SeededTip, casework: Callable[[str], Casework], client: Client, services: Services
    ) -> None:
        self.colleague, self.client, self.seeded, self.services = casework("sp"), client, seeded, services
        self.act, self.desk, self.address = case.act, case.desk, f"/desk/tips/{seeded.number}/{case.act}"
        self.before = self.written()
        seen = {"seen": str(casework(case.desk).open(seeded.number).summary.newest)}
        self.form = {**case.fields, **({} if case.act in OF_PEOPLE else seen)}
        self.once = seeded.number

    def confirm(self) -> Response:
        return self.client.post(self.address, data={**self.form, "confirmed": "yes", "once": self.once})

    def acts(self) -> int:
        """Return the number of messages of officers since the page was opened."""
        return self.written() - self.before

    def written(self) -> int:
        """Return the number of messages that are stored of the tip."""
        query = select(func.count()).where(tables.message.c.tip == self.seeded.id)
        return self.services.read(lambda c: c.execute(query).scalar_one())

    def keeps(self, page: str) -> bool:
        """Return whether a page has all that the officer typed."""
        return all(self.form[name] in page for name in ("text", "reason") if name in self.form)


def two_browsers(race: Racing) -> bool:
    post_as(race.colleague, race.seeded, Message(sender="desk", desk="sp", text="they left", internal=True))
    answer = race.confirm()
    if race.act in OF_PEOPLE:
        return race.acts() == 1 + 1
    return race.acts() == 1 and "This has come since you opened the page." in answer.text and race.keeps(answer.text)


def restart(race: Racing) -> bool:
    site = Starlette(routes=[Mount("/desk", build(desk_context(race.services), DeskSettings()))])
    headers = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    with site_client(site, "http://desk.example", headers) as again:
        for name, value in race.client.cookies.items():
            again.cookies.set(name, value, domain="desk.example", path="/desk")
        race.client = again
        race.confirm()
        signed_in = {"desk": race.desk, "officer": f"{race.desk}-1", "passphrase": f"{race.desk} passphrase 1"}
        page = again.post("/desk/sign-in", data=signed_in).text
        return race.acts() == 0 and race.keeps(page) and "done=" in str(race.confirm().url) and race.acts() > 0


def network_cut(race: Racing) -> bool:
    race.confirm()
    done = race.acts()
    answer = race.confirm()  # the first answer was lost on the way, so the browser sends again
    return race.acts() == done > 0 and "done=" in str(answer.url)


def erased(race: Racing) -> bool:
    race.services.write_now(lambda unit: erase(unit, race.seeded.id))
    before = race.written()
    # With a text the page shows that to its officer, without the tip.
    return race.confirm().status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT} and race.written() == before


RACES = (two_browsers, restart, network_cut, erased)


@pytest.mark.full("every act in every race")
@pytest.mark.parametrize("race", RACES)
def test_no_race_loses_doubles_or_misplaces_an_act(
    race: Callable[[Racing], bool],
    tip_in: Callable[[str], SeededTip],
    browser: Callable[..., Client],
    casework: Callable[[str], Casework],
    services: Services,
) -> None:
    wrong, clients = [], {desk: browser(desk) for desk in ("sp", "dig", "lanka")}
    for name, case in ALLOWED.items():
        if not race(Racing(case, tip_in(case.state), casework, clients[case.desk], services)):
            wrong.append(name)
    assert wrong == []
    assert {*ALLOWED, *BY_TWO} == set(ACT_NAMES)
