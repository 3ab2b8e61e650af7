"""Pages of acts: an officer's text survives a change of language, the browser's Back and a lost session."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.routing import Desk
from satark.api.tip import CaseStep, Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs, OpenTip
from satark.services import DeskContext, Services
from satark_desk.settings import DeskSettings
from satark_desk.web import page_requests
from satark_desk.web.app import build
from satark_desk.web.session_store import Sessions
from support.desk_reading import listed
from support.site_client import site_client
from support.tips import SeededTip, post_as, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the sessions."""
    return Clock()


@pytest.fixture
def site(context: DeskContext, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """The desk's pages. Their sessions use the test's clock."""
    monkeypatch.setattr(page_requests, "Sessions", lambda services, settings: Sessions(services, settings, clock))
    return Starlette(routes=[Mount("/desk", build(context, DeskSettings(page_size=50)))])


@pytest.fixture
def seeded(services: Services, desk: FindDesk) -> SeededTip:
    """A tip at the SP and the DIG."""
    return seed_tip(services, [desk("sp"), desk("dig")])


def sign_in_again(client: Client, desk: str = "sp") -> str:
    form = {"desk": desk, "officer": f"{desk}-1", "passphrase": f"{desk} passphrase 1"}
    return client.post("/desk/sign-in", data=form).text


def test_the_language_can_be_changed_on_a_confirmation_page(browser: Browser, seeded: SeededTip) -> None:
    client = browser("sp")
    page = client.post(f"/desk/tips/{seeded.number}/note", data={"text": "पुराना मामला"})
    here = re.findall(r'name="next" value="([^"]*)"', page.text)[0].replace("&amp;", "&")
    changed = client.post("/desk/language", data={"language": "hi", "next": here})
    assert changed.status_code == 200
    assert 'lang="hi"' in changed.text
    assert "<blockquote" in changed.text
    assert "पुराना मामला" in changed.text


def test_the_language_can_be_changed_on_the_page_of_a_refused_form(browser: Browser, seeded: SeededTip) -> None:
    client = browser("sp")
    page = client.post(f"/desk/tips/{seeded.number}/direct", data={"to": "", "text": "आज रात"})
    here = re.findall(r'name="next" value="([^"]*)"', page.text)[0].replace("&amp;", "&")
    changed = client.post("/desk/language", data={"language": "hi", "next": here})
    assert "आज रात</textarea>" in changed.text
    refused = client.post("/desk/roster/nonsense", data={})
    here = re.findall(r'name="next" value="([^"]*)"', refused.text)[0]
    assert client.post("/desk/language", data={"language": "en", "next": here}).status_code == 200


def test_the_browser_scrolls_to_a_refused_form(browser: Browser, seeded: SeededTip) -> None:
    refused = browser("sp").post(f"/desk/tips/{seeded.number}/direct", data={"to": ""})
    assert refused.url.fragment == "form"
    (form,) = re.findall(r'<details[^>]* id="form" open>.*?</details>', refused.text, re.DOTALL)
    assert 'id="problem"' in form


def test_a_question_with_an_address_is_refused_with_the_reason_and_the_text_is_kept(
    browser: Browser, seeded: SeededTip
) -> None:
    page = browser("sp").post(f"/desk/tips/{seeded.number}/ask", data={"text": "see sp-varanasi.example today"})
    assert page.status_code == 422
    assert "No address, handle or telephone number in a text to the tipster" in page.text
    assert "see sp-varanasi.example today</textarea>" in page.text


def test_going_back_after_an_act_shows_the_tip_and_does_not_repeat_the_act(
    browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    client = browser("sp")
    confirmation = client.post(f"/desk/tips/{seeded.number}/note", data={"text": "एक बार"})
    assert confirmation.request.method == "GET"
    once = re.findall(r'name="once" value="([^"]*)"', confirmation.text)[0]
    form = {"text": "एक बार", "once": once, "confirmed": "yes"}
    for _ in range(2):
        done = client.post(f"/desk/tips/{seeded.number}/note", data=form)
        assert done.request.method == "GET"
    back = client.get(confirmation.url)
    assert back.url.path == f"/desk/tips/{seeded.number}"
    assert len(casework("sp").open(seeded.number).thread) == 1


def test_no_text_is_lost_if_the_session_ends_while_an_officer_writes(
    browser: Browser, seeded: SeededTip, clock: Clock, casework: Cases
) -> None:
    client = browser("sp")
    clock.now += 25 * 60
    lost = client.post(f"/desk/tips/{seeded.number}/note", data={"text": "लंबी टिप्पणी"})
    assert lost.url.path == "/desk/sign-in"
    page = sign_in_again(client)
    assert "लंबी टिप्पणी</textarea>" in page
    action = re.findall(r'<form method="post" action="([^"]*)">\s*<label>', page)[0]
    confirmation = client.post(action, data={"text": "लंबी टिप्पणी"}).text
    assert "Please check" in confirmation
    assert casework("sp").open(seeded.number).thread == ()


@pytest.mark.parametrize("ended_by", ["a restart", "a sign-out", "the end of other sessions"])
def test_an_officers_typed_text_outlasts_the_session(
    ended_by: str,
    browser: Browser,
    seeded: SeededTip,
    context: DeskContext,
    request: pytest.FixtureRequest,
) -> None:
    client, note = browser("sp"), f"/desk/tips/{seeded.number}/note"
    assert client.post("/desk/typed", data={"path": note, "text": "half a sentence"}).status_code == 204
    if ended_by == "a restart":
        restarted = Starlette(routes=[Mount("/desk", build(context, DeskSettings()))])
        cookies, client = client.cookies, site_client(restarted, "http://desk.example", client.headers)
        client.cookies = cookies
        request.addfinalizer(client.close)
    elif ended_by == "a sign-out":
        client.post("/desk/sign-out")
    else:
        browser("sp").post("/desk/account/sessions", data={"others": "yes"})
    assert client.post(note, data={"text": "a whole sentence"}).url.path == "/desk/sign-in"
    assert ("a whole sentence</textarea>" in sign_in_again(client)) is (ended_by != "a sign-out")
    form = client.get(re.findall(rf'href="({note}\?draft=[^"]+)"', client.get("/desk/").text)[0].replace("&amp;", "&"))
    assert "half a sentence</textarea>" in form.text
    done = client.post(note, data={"text": "half a sentence", "confirmed": "yes", "once": "1"}).text
    assert "The note is added." in done
    assert "half a sentence</textarea>" not in client.get(form.url).text


def test_the_second_of_two_simultaneous_officers_sees_the_difference_and_loses_nothing(
    browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    first, second = browser("sp"), browser("sp")
    address = f"/desk/tips/{seeded.number}"
    (seen,) = set(re.findall(r'name="seen" value="(\d+)"', second.get(address).text))
    closing = {"outcome": "false", "text": "nobody was there", "reason": "We found nothing.", "seen": seen}
    drafted = second.post(f"{address}/close", data=closing)
    assert "Please check" in drafted.text
    first.post(f"{address}/note", data={"text": "I am at the door", "confirmed": "yes", "once": "1", "seen": seen})
    once = str(drafted.url.params["draft"])
    refused = second.post(f"{address}/close", data={**closing, "confirmed": "yes", "once": once})
    form = refused.text[refused.text.index('id="form"') :].partition("</form>")[0]
    assert "This has come since you opened the page." in form
    for kept in ("I am at the door", "nobody was there</textarea>", "We found nothing.</textarea>"):
        assert kept in form
    assert casework("sp").open(seeded.number).status == "RECEIVED"
    (seen,) = re.findall(r'name="seen" value="(\d+)"', form)
    second.post(f"{address}/close", data={**closing, "seen": seen, "confirmed": "yes", "once": "2"})
    assert casework("sp").open(seeded.number).status == "CLOSED"


@pytest.mark.parametrize("winner", ["sp", "dig"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("close", {"outcome": "false", "text": "nobody was there", "reason": "We found nothing."}),
        ("status", {"status": "ACTION", "text": "We look into it."}),
        ("ask", {"text": "At what hour?"}),
        ("note", {"text": "half a page"}),
        ("direct", {"to": "lanka", "text": "Look there.", "rewording": "A shed."}),
        ("correct", {"priority": "high", "text": "near a school"}),
    ],
)
def test_of_two_who_confirm_in_the_same_moment_the_second_reads_what_came_and_loses_nothing(
    *,
    winner: str,
    name: str,
    form: dict[str, str],
    browser: Browser,
    seeded: SeededTip,
    casework: Cases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, address = browser(winner), browser("sp"), f"/desk/tips/{seeded.number}"
    closing = {"outcome": "false", "text": "for desks", "reason": "Nobody was there."}
    check, others = DeskActs.check, [{**closing, "confirmed": "yes", "once": "1", "seen": "0"}]

    def checked(self: DeskActs, tip: OpenTip, act: DeskAct) -> None:
        check(self, tip, act)
        if "confirmed" in sent and others:
            first.post(f"{address}/close", data=others.pop())

    monkeypatch.setattr(DeskActs, "check", checked)
    sent = {**form, "confirmed": "yes", "once": "2", "seen": "0"}
    refused = second.post(f"{address}/{name}", data=sent)
    shown = refused.text[refused.text.index('id="form"') :].partition("</form>")[0]
    assert "This has come since you opened the page." in shown
    assert all(value in shown for field, value in form.items() if field != "outcome")
    assert len(casework("sp").open(seeded.number).thread) == 2
    assert f'href="{address}/{name}?draft=' in second.get("/desk/").text


def test_what_a_station_wrote_on_a_tip_that_was_taken_back_can_be_copied_and_deleted(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    acts, station = DeskActs(services, casework("sp"), Clocks()), browser("lanka")
    direction = DeskAct(name="direct", to="lanka", text="look", rewording="Look there.")
    acts.perform(casework("sp").open(seeded.number), direction)
    report = f"/desk/tips/{seeded.number}/report"
    station.post("/desk/typed", data={"path": report, "text": "half a report"})
    withdrawal = DeskAct(name="withdraw", to="lanka", text="another station's")
    acts.perform(casework("sp").open(seeded.number), withdrawal)
    sent = station.post(report, data={"text": "a whole report", "confirmed": "yes", "once": "1"})
    (kept,) = re.findall(rf'href="({report}\?draft=[^"]+)"', station.get("/desk/").text)
    for page in (sent, station.get(kept.replace("&amp;", "&"))):
        assert "You no longer have this tip" in page.text
        assert "a whole report</textarea>" in page.text
    assert "draft=" not in station.post("/desk/typed", data={"path": report, "discard": "yes"}).text
    assert station.get(report).status_code == 404


@pytest.mark.parametrize("page", ["", "news?poll=1", "tips/{}"])
def test_a_station_sees_that_a_closing_is_disputed_once_an_officer_above_has_any_page_open(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases, page: str
) -> None:
    acts = DeskActs(services, casework("sp"), Clocks())
    for act in (
        DeskAct(name="direct", to="lanka", text="look", rewording="Look there."),
        DeskAct(name="close", outcome="false", text="nothing", reason="Nothing."),
    ):
        acts.perform(casework("sp").open(seeded.number), act)
    seed_message(services, seeded, Message(sender="tipster", text="secret words", feedback="no"))
    assert casework("lanka").open(seeded.number).status == "CLOSED"
    client = browser("sp")
    assert client.get(f"/desk/{page.format(seeded.number)}").status_code == 200
    assert len(casework("sp").open(seeded.number).thread) == 6
    client.get(f"/desk/tips/{seeded.number}")
    assert len(casework("sp").open(seeded.number).thread) == 6
    page = browser("lanka").get(f"/desk/tips/{seeded.number}").text
    assert "disputes the closing by sp title" in page
    assert "secret words" not in page
    for work in (casework("lanka").open(seeded.number).work, casework("sp").open(seeded.number).work):
        assert (work.status, work.disputed, work.disputes) == ("REOPENED", True, 1)
    assert casework("sp").open(seeded.number).work.heard


def test_a_kept_form_is_shown_to_no_other_officer_and_no_strangers_form_is_kept(
    browser: Browser, seeded: SeededTip, clock: Clock
) -> None:
    client = browser("sp")
    clock.now += 25 * 60
    client.post(f"/desk/tips/{seeded.number}/note", data={"text": "लंबी टिप्पणी"})
    assert "लंबी टिप्पणी" not in sign_in_again(client, "dig")
    stranger = browser()
    stranger.post(f"/desk/tips/{seeded.number}/note", data={"text": "from outside"})
    assert "from outside" not in sign_in_again(stranger)


def test_the_sign_in_leads_to_the_page_that_was_asked_for(browser: Browser, seeded: SeededTip) -> None:
    client = browser()
    assert client.get(f"/desk/tips/{seeded.number}?mark=open").url.path == "/desk/sign-in"
    assert seeded.number in sign_in_again(client).partition("<h1>")[2].partition("</h1>")[0]
    client.post("/desk/sign-out")
    assert "<h1>Tips</h1>" in sign_in_again(client), "it leads there once"
    for address in ("https://evil.example/", "//evil.example/", "/other", "/desk//evil.example"):
        other = browser()
        other.cookies.set("satark-desk-next", address, domain="desk.example", path="/desk")
        sign_in_again(other)
        assert "<h1>Tips</h1>" in other.get("/desk/").text


def test_the_sign_in_of_another_officer_in_the_same_browser_leads_to_no_page_of_the_one_before(
    services: Services, browser: Browser
) -> None:
    """The address has the number of a tip that may be kept from the next officer."""
    kept = seed_tip(services, [services.desk("dig")], excluded=("sp",))
    client = browser("dig")
    address = f"/desk/tips/{kept.number}"
    for end in (lambda: client.cookies.delete("satark-desk"), lambda: client.post("/desk/sign-out")):
        end()
        assert client.get(address).url.path == "/desk/sign-in"
    client.post("/desk/sign-out")
    assert "satark-desk-next" not in client.cookies
    client.get(address)
    assert "<h1>Tips</h1>" in sign_in_again(client, "sp")


def test_the_thread_names_officer_desk_and_time_of_each_act(browser: Browser, seeded: SeededTip) -> None:
    client = browser("sp")
    client.post(f"/desk/tips/{seeded.number}/note", data={"text": "seen", "confirmed": "yes", "once": "1"})
    by = re.findall(r'<p class="by">(.*?)</p>', client.get(f"/desk/tips/{seeded.number}").text, re.DOTALL)
    assert re.search(r"sp title.* · sp-1 · <span>\d+ \w+ \d{4}, \d\d:\d\d</span>", by[0])


def test_an_officer_with_the_name_of_a_desk_is_not_called_by_the_desks_title(
    browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    step = CaseStep(kind="assigned", to="sp")
    post_as(casework("sp"), seeded, Message(sender="desk", desk="sp", internal=True, case=step))
    page = browser("sp").get(f"/desk/tips/{seeded.number}").text
    assert 'class="step">Assigned to sp</p>' in page


def test_a_message_without_a_signature_is_shown_as_unsigned_and_does_nothing(
    services: Services, browser: Browser, seeded: SeededTip
) -> None:
    forged = Message(sender="desk", desk="dig", text="it is settled", internal=True, case=CaseStep(kind="closed"))
    seed_message(services, seeded, forged)
    seed_message(services, replace(seeded, tipster_key="6" * 32), Message(sender="tipster", text="close it"))
    page = browser("sp").get(f"/desk/tips/{seeded.number}").text
    warning = page[page.index("Messages without a valid signature") :]
    assert "dig title: it is settled" in warning[: warning.index("</div>")]
    assert "Perhaps not from the tipster: close it" in warning[: warning.index("</div>")]
    assert 'class="step"' not in page
    assert ">From the tipster" not in page


def test_a_station_asks_to_close_and_the_directing_desk_decides_on_its_page(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    sp = casework("sp")
    DeskActs(services, sp, Clocks()).perform(sp.open(seeded.number), DeskAct(name="direct", to="lanka", text="look"))
    station, office = browser("lanka"), browser("sp")
    page = station.get(f"/desk/tips/{seeded.number}").text
    assert "Your desk owes a report" in page
    assert 'value="ACTED"' not in page
    closing = {"outcome": "nothing_found", "text": "nobody there"}
    asked = station.post(f"/desk/tips/{seeded.number}/close", data=closing).text
    assert "The tipster reads nothing yet" in asked
    done = station.post(f"/desk/tips/{seeded.number}/close", data={**closing, "confirmed": "yes", "once": "1"}).text
    assert "The tip stays open until it is approved." in done
    assert "today ·" not in done, "a release names no channel"
    assert (
        "lanka title asks to close this tip: Nothing found on the spot"
        in office.get(f"/desk/tips/{seeded.number}").text
    )
    assert listed(office.get("/desk/?mark=closing").text) == [seeded.number]
    form = {"reason": "मौके पर कुछ नहीं मिला", "confirmed": "yes", "once": "1"}
    assert "The tip is closed." in office.post(f"/desk/tips/{seeded.number}/approve", data=form).text
    assert sp.open(seeded.number).status == "CLOSED"


def test_the_queue_of_the_directing_desk_names_the_desk_that_owes_a_report(
    services: Services, browser: Browser, casework: Cases, seeded: SeededTip
) -> None:
    acts = DeskActs(services, casework("sp"), Clocks())
    acts.perform(
        casework("sp").open(seeded.number), DeskAct(name="direct", to="lanka", text="look", rewording="liquor")
    )
    row = browser("sp").get("/desk/").text.split("data-row>")[1]
    assert re.search(r'class="chip asked">lanka[^<]*: report due', row)
    own = browser("lanka").get("/desk/").text.split('class="chips"')[1].split('class="when"')[0]
    assert "Report due" in own
    assert ": report due" not in own
    reports = DeskActs(services, casework("lanka"), Clocks())
    reports.perform(casework("lanka").open(seeded.number), DeskAct(name="report", text="seen"))
    assert "report due" not in browser("sp").get("/desk/").text


def test_before_a_direction_the_officer_is_warned_of_clues_to_the_tipster(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    answers = {"what": "मेरी दुकान के सामने शराब बिकती है", "known_by": "few"}
    pointing = seed_tip(services, [desk("sp")], answers=answers)
    plain = seed_tip(services, [desk("sp")])
    client, form = browser("sp"), {"to": "lanka", "text": "look", "rewording": "मेरी दुकान के पास"}
    page = client.post(f"/desk/tips/{pointing.number}/direct", data=form).text
    assert "Only a few people know this" in page
    assert '<li dir="auto">मेरी दुकान</li>' in page
    page = client.post(f"/desk/tips/{pointing.number}/direct", data={"to": "dig", "text": "look"}).text
    assert '<li dir="auto">मेरी दुकान</li>' in page
    form["rewording"] = "a shop"
    assert "Only a few people know this" in client.get(f"/desk/tips/{pointing.number}").text
    page = client.post(f"/desk/tips/{plain.number}/direct", data=form).text
    assert "may point to" not in page


def test_the_queue_is_filtered_by_station_and_by_officer(
    services: Services, browser: Browser, desk: FindDesk, seeded: SeededTip
) -> None:
    elsewhere = seed_tip(services, [desk("sp")], station="chetganj")
    client = browser("sp")
    client.post(f"/desk/tips/{seeded.number}/assign", data={"to": "sp-1", "confirmed": "yes", "once": "1"})
    assert listed(client.get("/desk/?station=chetganj").text) == [elsewhere.number]
    for query in ("officer=sp-1", "mark=mine"):
        assert listed(client.get(f"/desk/?{query}").text) == [seeded.number]
    assert listed(client.get("/desk/?officer=nobody").text) == []
