"""The audit log on the web: which officers see whose acts, the filters, and the warning of a shortened log."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from httpx2 import Client
from sqlalchemy import delete, select, update

from satark.api.routing import Desk
from satark.api.tip import Accused
from satark.casework import Act, ActKind, Role
from satark.services import Services
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
from satark_desk.web.audit_pages import ActDetails
from satark_desk.web.page_text import PageText
from support.tips import seed_file, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Unlock = Callable[[str], UnlockedDesk]

PASSPHRASE = "brittle-orchard-4711-lantern"


def sign_in(browser: Browser, officer: str) -> Client:
    client = browser()
    form = {"desk": "sp", "officer": officer, "passphrase": PASSPHRASE}
    assert client.post("/desk/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def add(services: Services, unlocked: Unlock, name: str, role: Role) -> None:
    """Add an officer who has chosen their passphrase themselves."""
    add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=PASSPHRASE, role=role))


def test_the_head_of_the_desk_above_sees_who_read_what(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    browser("sp").get(f"/desk/tips/{seeded.number}")
    page = browser("dig").get("/desk/audit").text
    assert all(word in page for word in ("sp-1", "read a tip", seeded.number, "signed in"))
    assert "dig-1" in page


def test_an_officer_sees_only_their_own_acts(
    services: Services, browser: Browser, unlocked: Unlock, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    add(services, unlocked, "sp-2", "officer")
    browser("sp").get(f"/desk/tips/{seeded.number}")
    page = sign_in(browser, "sp-2").get("/desk/audit").text
    assert "signed in" in page
    assert "sp-1" not in page
    assert seeded.number not in page


def test_an_auditor_sees_the_acts_of_the_desk_and_no_tip(
    services: Services, browser: Browser, unlocked: Unlock, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    add(services, unlocked, "auditor", "auditor")
    browser("sp").get(f"/desk/tips/{seeded.number}")
    client = sign_in(browser, "auditor")
    page = client.get("/desk/audit").text
    assert all(word in page for word in ("sp-1", "read a tip", seeded.number))
    shown = client.get(f"/desk/tips/{seeded.number}")
    assert shown.url.path == "/desk/audit"
    assert "कच्ची शराब" not in shown.text
    assert "कच्ची शराब" not in client.get("/desk/").text


def test_a_head_does_not_see_the_acts_of_desks_above(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("dig")])
    browser("dig").get(f"/desk/tips/{seeded.number}")
    page = browser("sp").get("/desk/audit").text
    assert "dig-1" not in page
    assert seeded.number not in page


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("kind=read", True),
        ("kind=searched", False),
        ("officer=SP-1", True),
        ("officer=x", False),
        ("desk=lanka", False),
    ],
)
def test_acts_are_filtered(services: Services, browser: Browser, desk: FindDesk, query: str, seen: bool) -> None:  # noqa: FBT001 - a parameter
    seeded = seed_tip(services, [desk("sp")])
    browser("sp").get(f"/desk/tips/{seeded.number}")
    page = browser("dig").get(f"/desk/audit?tip={seeded.number.lower()}&{query}").text
    assert (f'translate="no">{seeded.number}' in page) is seen


@pytest.mark.parametrize(("days", "seen"), [((0, 0), True), ((-1, 1), True), ((1, 1), False), ((-1, -1), False)])
def test_acts_are_filtered_by_days_and_officers_and_exported_as_a_table(
    services: Services,
    browser: Browser,
    desk: FindDesk,
    days: tuple[int, int],
    seen: bool,  # noqa: FBT001 - pytest's
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    client.get(f"/desk/tips/{seeded.number}")
    client.get("/desk/?q==1%2B1")
    today = datetime.now(timezone(timedelta(hours=5, minutes=30))).date()
    since, until = (today + timedelta(days=one) for one in days)
    query = f"since={since}&until={until}"
    page = browser("dig").get(f"/desk/audit?{query}").text
    assert (seeded.number in page) is seen
    assert f'href="/desk/audit/acts.csv?since={since}&amp;until={until}"' in page
    answer = browser("dig").get(f"/desk/audit/acts.csv?{query}")
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    acts = [dict(zip(head, line, strict=True)) for line in lines]
    assert (("sp-1", "read a tip", seeded.number) in [(one["Officer"], one["Act"], one["Tip"]) for one in acts]) is seen
    assert ("'=1+1" in [one["Detail"] for one in acts]) is seen
    assert "read the audit log" in browser("dig").get("/desk/audit").text


def test_an_auditor_gets_the_table_and_an_officer_only_their_own_acts(
    services: Services, browser: Browser, unlocked: Unlock, desk: FindDesk
) -> None:
    add(services, unlocked, "auditor", "auditor")
    add(services, unlocked, "sp-2", "officer")
    browser("sp").get(f"/desk/tips/{seed_tip(services, [desk('sp')]).number}")
    assert "read a tip" in sign_in(browser, "auditor").get("/desk/audit/acts.csv").text
    assert "read a tip" not in sign_in(browser, "sp-2").get("/desk/audit/acts.csv").text


@pytest.mark.parametrize("day", ["x", "0001-01-01", "9999-12-31", "2026-13-01"])
def test_an_invalid_day_leaves_the_log_unchanged(browser: Browser, day: str) -> None:
    answer = browser("dig").get("/desk/audit", params={"since": "", "until": day})
    assert answer.status_code == 200
    assert browser("dig").get("/desk/audit", params={"since": day, "until": ""}).status_code == 200


def test_each_page_of_acts_leads_to_the_next(services: Services, browser: Browser) -> None:
    client = browser("sp")
    for number in range(7):
        client.get(f"/desk/?q=word{number}")
    first = client.get("/desk/audit?kind=searched").text
    assert [f"word{number}" in first for number in range(7)] == [False, False, True, True, True, True, True]
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = client.get(link).text
    assert [f"word{number}" in second for number in range(3)] == [True, True, False]


def test_text_that_officers_typed_is_shown_as_text(services: Services, browser: Browser) -> None:
    client = browser("sp")
    client.get("/desk/?q=<script>alert(1)</script>")
    assert "<script>alert(1)" not in browser("dig").get("/desk/audit").text


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "٣"])
def test_an_invalid_position_shows_the_newest_acts(browser: Browser, before: str) -> None:
    assert browser("dig").get("/desk/audit", params={"before": before}).status_code == 200


def test_a_browser_that_saw_more_of_the_log_is_warned_and_the_warning_is_an_act(
    services: Services, browser: Browser
) -> None:
    client = browser("sp")
    client.post("/desk/sign-out")
    form = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}
    end_six_hours(services)
    assert "cut off" not in client.post("/desk/sign-in", data=form).text
    client.post("/desk/sign-out")
    cut_off(services)
    assert "it was cut off or replaced by an older copy" in client.post("/desk/sign-in", data=form).text
    assert "was warned that the audit log is cut off" in browser("dig").get("/desk/audit").text


def test_no_officer_sees_within_six_hours_that_others_added_to_the_log(
    services: Services, browser: Browser, desk: Any
) -> None:
    seed_tip(services, [desk("sp"), desk("lanka")])
    client = browser("lanka")
    end_six_hours(services)
    before = HEAD.findall(client.get("/desk/audit").text)
    secret = seed_tip(services, [desk("sp")], accused=Accused(level="station", unit="lanka"), excluded=("lanka",))
    seed_file(services, secret, "1", b"one", b"clean one")
    browser("sp").get(f"/desk/tips/{secret.number}")
    assert HEAD.findall(client.get("/desk/audit").text) == before
    end_six_hours(services)
    shown = HEAD.findall(client.get("/desk/audit").text)
    assert shown != before
    client.post("/desk/sign-out")
    client.post("/desk/sign-in", data={"desk": "lanka", "officer": "lanka-1", "passphrase": "lanka passphrase 1"})
    for head in (*before, *shown, client.cookies["satark-desk-log"]):
        assert re.fullmatch("[0-9a-f]{64}", head), "no number of rows tells how many files others got"


HEAD = re.compile(r'class="hash"[^>]*>([^<]+)')


def end_six_hours(services: Services) -> None:
    """Let the log's rows be of earlier hours."""
    services.write_now(lambda unit: unit.main.execute(update(tables.custody_head).values(band=0)))


def cut_off(services: Services) -> None:
    """Cut the logs of both databases back to their first row, consistently."""
    table = tables.custody
    link = services.read(lambda c: c.execute(select(table.c.link).where(table.c.position == 1)).scalar_one())

    def write(unit: UnitOfWork) -> None:
        unit.main.execute(delete(table).where(table.c.position > 1))
        values: dict[str, Any] = {"position": 1, "link": link}
        unit.main.execute(update(tables.custody_head).values(values | {"band": 0}))
        unit.keys.execute(update(tables.anchor).values(**values, before=link))
        unit.keys.execute(delete(tables.witness))

    services.write_now(write)


TITLES = {"lanka": "थाना लंका"}


@pytest.fixture
def in_hindi(services: Services) -> ActDetails:
    return ActDetails(PageText("hi", services.geography, 5.5, services.questionnaire), TITLES)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("signed_in", "web", "ब्राउज़र में"),
        ("signed_in", "satark desk show", "satark desk show"),
        ("sign_in_failed", "4", "लगातार ग़लत कोशिशें: 4"),
        ("answered", "CLOSED", "बंद की गई"),
        ("answered", "", ""),
        ("closed", "nothing_found", "मौके पर कुछ नहीं मिला"),
        ("closing_asked", "warned", "चेतावनी दी गई"),
        ("directed", "lanka", "थाना लंका"),
        ("withdrawn", "a desk of long ago", "a desk of long ago"),
        ("corrected", "high", "उच्च"),
        ("corrected", "urgent ARMS", "अति आवश्यक · अवैध हथियार"),
        ("viewed", "clean", "साफ़ प्रति"),
        ("heard", "disguised", "बदली हुई आवाज़ में"),
        ("page_opened", "/figures", "आँकड़े"),
        ("page_opened", "/tips/K4Q7-2XPM/close", "सूचना"),
        ("page_opened", "/account", "आपका खाता"),
        ("page_opened", "/", "सूचनाएँ"),
        ("form_sent", "/wordings/remove", "तैयार वाक्य"),
        ("form_sent", "/of-an-older-version", "/of-an-older-version"),
        ("searched", "warned", "warned"),
        ("assigned", "lanka", "lanka"),
    ],
)
def test_a_detail_is_said_in_words(in_hindi: ActDetails, kind: ActKind, detail: str, words: str) -> None:
    assert in_hindi(Act(kind=kind, desk="sp", at="", salt="", detail=detail)) == words


def test_the_page_shows_details_in_words_and_no_codes(
    services: Services, browser: Callable[..., Client], desk: Callable[[str], Desk]
) -> None:
    seed_tip(services, [desk("sp")])
    client = browser("sp")
    client.post("/desk/language", data={"language": "hi"})
    client.get("/desk/wordings")
    page = client.get("/desk/audit").text
    assert "“web”" not in page
    assert "ब्राउज़र में" in page
    assert "/wordings" not in page.split('class="acts"')[1]
