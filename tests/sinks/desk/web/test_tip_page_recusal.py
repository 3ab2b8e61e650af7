"""Recusal in pages and commands: the recused officer loses the tip everywhere. Other officers see the recusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from httpx2 import Client
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from satark.api.routing import Desk
from satark.services import Services
from satark_desk import plugin
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
from support.commands import commands_of
from support.tips import SeededTip, seed_tip

PASSPHRASE = "quiet mango tractor 7 violin ledger"
VALUES: Mapping[str, str] = {"ordinal": "1", "action": "note", "to": "lanka", "step": "ask_hold"}
LISTS = (
    "",
    "?mark=new",
    "?status=RECEIVED",
    "?q=",
    "?q=INTOX",
    "figures",
    "cases.csv",
    "retention",
    "figures/week.pdf",
)
DO = {"confirmed": "yes", "once": "1"}


@pytest.fixture
def recused(browser: Callable[..., Client], services: Services, unlocked: Callable[[str], UnlockedDesk]) -> Client:
    """The browser of the SP's second officer."""
    add_officer(services, unlocked("sp"), NewOfficer(name="sp-2", passphrase=PASSPHRASE, rights=("release",)))
    client = browser()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "sp-2", "passphrase": PASSPHRASE})
    return client


@pytest.fixture
def by_command(services: Services, passphrase_file: Callable[[str], Path]) -> Callable[..., str]:
    """Run a command of the second officer; return what it prints."""
    del services
    cli = commands_of(plugin)

    def run(*words: str) -> str:
        file = str(passphrase_file(PASSPHRASE))
        return CliRunner().invoke(cli, [*words, "--passphrase-file", file], catch_exceptions=False).output

    return run


def routes_of_a_tip(site: Starlette) -> Iterator[tuple[str, str]]:
    """Yield method and path of every route that names a tip."""
    (mount,) = site.routes
    assert isinstance(mount, Mount)
    for route in mount.routes:
        if isinstance(route, Route) and "{number}" in route.path:
            yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))


def test_no_page_file_or_form_gives_the_tip_to_an_officer_who_is_recused(
    site: Starlette, recused: Client, browser: Callable[..., Client], full_tip: SeededTip
) -> None:
    assert full_tip.number in recused.get("/desk/").text
    done = recused.post(f"/desk/tips/{full_tip.number}/recuse", data=DO)
    assert "You don&#39;t have this tip any more" in done.text
    paths = [(method, path.format(number=full_tip.number, **VALUES)) for method, path in routes_of_a_tip(site)]
    answers = {(m, path): recused.request(m, f"/desk{path}", data=DO if m == "POST" else None) for m, path in paths}
    assert {place: answer.status_code for place, answer in answers.items() if answer.status_code != 404} == {}
    assert [path for path in LISTS if full_tip.number in recused.get(f"/desk/{path}").text] == []
    assert re.search(r"<b>0</b>\s*All", recused.get("/desk/").text)
    other = browser("sp")
    assert full_tip.number in other.get("/desk/").text
    assert len(paths) > 10


def test_other_officers_of_the_desk_see_a_recusal_and_undo_it_with_a_reason(
    recused: Client, browser: Callable[..., Client], full_tip: SeededTip
) -> None:
    other, page = browser("sp"), f"/desk/tips/{full_tip.number}"
    other.get(page)
    recused.post(f"{page}/recuse", data=DO)
    assert "Updated" in other.get("/desk/").text
    shown = other.get(page).text
    assert "sp-2 has to do with the people of this tip" in shown
    assert '<option value="sp-2"' not in shown.partition('action="/desk/tips/')[2].partition("readmit")[0]
    undone = other.post(f"{page}/readmit", data={**DO, "to": "sp-2", "text": "another man of that name"})
    assert "The officer has the tip again." in undone.text
    assert recused.get(page).status_code == 200


def test_a_double_click_gets_the_same_answer_twice(recused: Client, full_tip: SeededTip) -> None:
    answers = [recused.post(f"/desk/tips/{full_tip.number}/recuse", data=DO).text for _ in range(2)]
    assert ["any more" in answer for answer in answers] == [True, True]
    assert recused.post(f"/desk/tips/{full_tip.number}/recuse", data={**DO, "once": "2"}).status_code == 404


def test_the_page_says_what_to_do_if_no_other_officer_has_the_tip(
    browser: Callable[..., Client], services: Services, desk: Callable[[str], Desk]
) -> None:
    alone = seed_tip(services, [desk("sp")])
    page = browser("sp").get(f"/desk/tips/{alone.number}").text
    assert "Nobody else has this tip" in page
    assert "/recuse" not in page


def test_no_command_gives_the_tip_to_an_officer_who_is_recused(
    recused: Client, by_command: Callable[..., str], full_tip: SeededTip, tmp_path: Path
) -> None:
    number = full_tip.number
    assert number in by_command("desk", "tips", "sp", "--json")
    recused.post(f"/desk/tips/{number}/recuse", data={**DO, "once": "1"})
    assert [words for words in ((), ("--json",)) if number in by_command("desk", "tips", "sp", *words)] == []
    refused = "this desk has no tip of that number"
    assert refused in by_command("desk", "respond", "sp", number, "--status", "ACTED")
    assert refused in by_command("evidence", "export", "sp", number, str(tmp_path / "pack.zip"))
    assert number not in recused.get("/desk/cases.csv").text
    assert recused.get(f"/desk/tips/{number}").status_code == 404
