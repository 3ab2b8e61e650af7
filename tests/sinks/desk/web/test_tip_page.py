"""A tip's page as an officer sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Client
from sqlalchemy import delete

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officer_queue import OfficerQueue
from satark_desk.officers import NewOfficer, add_officer, rotate
from support.tips import SeededTip, seed_file, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def test_a_tip_shows_everything_as_text_and_runs_nothing(browser: Browser, full_tip: SeededTip) -> None:
    page = browser("sp").get(f"/desk/tips/{full_tip.number}").text
    for text in (
        "Illegal liquor / drugs", "25.28100, 82.99900", "Lanka", "Varanasi", "recording: file 4", "a · b", "Yes",
        "24 Nov 2026, 11:30–17:30", "still being fetched", "could not be fetched", "no clean copy", "custom_step",
        "&lt;img src=x onerror=alert(1)&gt;", "&lt;b onclick=alert(4)&gt;", "<video ", "own voice",
        "The sound was removed",
        "which is no proof", "25.30000, 82.90000", "clock: 20 Nov 2026, 21:15",
    ):  # fmt: skip
        assert text in page
    assert page.count("<img ") == page.count("The sound was removed") == 1
    for danger in ("<img src=x", "<script>alert", "<b onclick", "06:00", "T06/"):
        assert danger not in page


def test_a_tip_is_shown_in_hindi_too(browser: Browser, full_tip: SeededTip) -> None:
    client = browser("sp")
    client.post("/desk/language", data={"language": "hi", "next": ""})
    page = client.get(f"/desk/tips/{full_tip.number}").text
    assert 'lang="hi"' in page
    for text in ("क्या बताया गया", "लंका", "साक्ष्य", "सूचना प्राप्त"):
        assert text in page


def test_a_file_whose_row_somebody_deleted_is_named_with_the_number_of_files_sent_and_here(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"one", b"clean one")
    client = browser("sp")
    assert "Files sent: 2, here: 1" in client.get(f"/desk/tips/{seeded.number}").text
    services.write_now(lambda unit: unit.main.execute(delete(tables.file)))
    page = client.get(f"/desk/tips/{seeded.number}").text
    assert "Files sent: 2, here: 0" in page
    assert page.count("somebody deleted it") == 2


def test_tips_that_can_not_be_opened_are_reported(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    broken = seed_tip(services, [desk("sp")])
    planted_reply = Message(sender="tipster", text="x")
    seed_message(services, seeded, planted_reply)

    def damage(unit: object) -> None:
        unit.keys.exec_driver_sql("UPDATE envelope SET sealed = x'00' WHERE tip = ?", (broken.id,))  # type: ignore[attr-defined]
        unit.main.exec_driver_sql("UPDATE message SET sealed = x'00'")  # type: ignore[attr-defined]

    services.write_now(damage)
    client = browser("sp")
    assert "Tips that cannot be opened: 1" in client.get("/desk/").text
    page = client.get(f"/desk/tips/{seeded.number}").text
    assert "Parts of this tip that cannot be opened: 1" in page
    assert "Messages that do not open, since somebody altered them: 1" in page
    assert "No messages yet" not in page


def test_an_officer_of_an_office_has_no_name_at_the_host(services: Services, desk: FindDesk, browser: Browser) -> None:
    recipient, identity = new_identity()
    office = Desk(name="cantt", title="Cantt", level="district", recipient=recipient)
    services.write_now(lambda unit: add_desk(unit, office, verifier=desk_verifier(identity)))
    seeded = seed_tip(services, [desk("sp"), office])
    work = Casework(services, "cantt", identity, officer="their SP")
    work.note(work.open(seeded.number), "seen")
    page = browser("sp").get(f"/desk/tips/{seeded.number}").text
    assert "an officer of this office" in page
    assert "their SP" not in page


@pytest.mark.slow("changes a desk's key")
def test_a_tip_hidden_during_a_key_change_is_shown_with_the_remedy(
    services: Services, desk: FindDesk, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    services.write_now(lambda unit: envelopes.drop(unit, seeded.id, ["sp"]))
    rotate(services, unlocked("sp"))
    page = browser("dig").get(f"/desk/tips/{seeded.number}").text
    assert "This tip still has a key from before" in page
    assert "Somebody altered this tip" not in page


SECOND = "second passphrase 1"
REFUSED = "The words may accuse the police of this desk."
REWORDING = "Liquor is sold near the market."


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip at the SP. Its words point to its sender."""
    answers = {"what": "मेरी दुकान के सामने रोज़ शाम को कच्ची शराब बिकती है", "who": "Kallu", "known_by": "few"}
    return seed_tip(services, [desk("sp")], answers=answers)


@pytest.fixture
def officer(
    browser: Callable[[], Client], services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> Callable[[str], Client]:
    """Sign in another officer of the SP's desk, whom its first officer appointed."""

    def start(name: str) -> Client:
        add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=SECOND, rights=("release",)))
        client = browser()
        form = {"desk": "sp", "officer": name, "passphrase": SECOND}
        assert client.post("/desk/sign-in", data=form).url.path == "/desk/"
        return client

    return start


def act(client: Client, tip: SeededTip, name: str, **fields: str) -> str:
    confirmation = client.post(f"/desk/tips/{tip.number}/{name}", data=fields)
    once = str(confirmation.url.params["draft"])
    form = {**fields, "confirmed": "yes", "once": once}
    return client.post(f"/desk/tips/{tip.number}/{name}", data=form).text


def test_an_open_tip_and_an_open_confirmation_show_who_else_is_writing(
    browser: Browser, officer: Callable[[str], Client], tip: SeededTip
) -> None:
    first, second, address = browser("sp"), officer("sp-2"), f"/desk/tips/{tip.number}"
    confirmation = first.post(f"{address}/note", data={"text": "seen", "seen": "0"}).url
    pages = [f"{address}?poll=1", str(confirmation.copy_add_param("poll", "1"))]
    told = "sp-2 is writing on this tip."

    def shown() -> tuple[int, list[bool]]:
        version = first.get(f"/desk/news?tip={tip.number}").json()["version"]
        return version, [told in first.get(page).text for page in pages]

    before, is_told = shown()
    assert is_told == [False, False]
    typed = {"path": f"{address}/note", "text": "on the roof"}
    second.post("/desk/typed", data=typed)
    during, is_told = shown()
    assert (during > before, is_told) == (True, [True, True])
    second.post("/desk/typed", data={**typed, "text": ""})
    after, is_told = shown()
    assert (after > during, is_told) == (True, [False, False])
    assert f'data-version="{after}"' in first.get(address).text


@pytest.mark.parametrize(("page", "later"), [("tips/{}", "merged_into"), ("", "first_unread")])
def test_a_page_is_told_of_what_came_while_it_was_made(
    *, page: str, later: str, browser: Browser, tip: SeededTip, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, found = browser("sp"), getattr(OfficerQueue, later)

    def come(*args: Any) -> Any:
        seed_message(services, tip, Message(sender="tipster", text="on the roof"))
        return found(*args)

    monkeypatch.setattr(OfficerQueue, later, come)
    shown = client.get(f"/desk/{page.format(tip.number)}").text
    (version,) = re.findall(r'data-version="(\d+)"', shown)
    assert "on the roof" not in shown
    assert client.get(f"/desk/news?tip={tip.number if page else ''}").json()["version"] > int(version)


def test_text_that_points_to_the_tipster_is_marked_in_the_original_and_in_the_rewording(
    browser: Browser, tip: SeededTip
) -> None:
    client = browser("sp")
    page = client.get(f"/desk/tips/{tip.number}").text
    assert "<mark>मेरी दुकान</mark>" in page
    assert '<textarea name="give_who"' in page
    given = {"rewording": "My shop is near", "give_who": "Kallu"}
    assert "<mark>My shop</mark>" in client.post(f"/desk/tips/{tip.number}/hints", data=given).text
    assert "<mark>" not in client.post(f"/desk/tips/{tip.number}/hints", data={"rewording": REWORDING}).text
    form = {"to": "lanka", "text": "look", **given}
    confirmation = client.post(f"/desk/tips/{tip.number}/direct", data=form).text
    assert "<mark>My shop</mark>" in confirmation
    assert "Only a few people know this" in confirmation
    assert "दुकान" not in confirmation


def test_the_stations_page_shows_the_release_and_says_that_it_is_a_release(browser: Browser, tip: SeededTip) -> None:
    done = act(browser("sp"), tip, "direct", to="lanka", text="look", rewording=REWORDING, give_who="Kallu")
    assert "Not opened yet" in done
    page = browser("lanka").get(f"/desk/tips/{tip.number}").text
    for shown in (REWORDING, "Kallu", "what was released of this tip"):
        assert shown in page
    for hidden in ("दुकान", "Written in", "WhatsApp", 'name="give_who"', "damaged"):
        assert hidden not in page


def test_a_station_with_a_release_is_not_told_when_the_tipster_writes_or_sends_a_file(
    services: Services, browser: Browser, tip: SeededTip
) -> None:
    act(browser("sp"), tip, "direct", to="lanka", text="look", rewording=REWORDING)
    client = browser("lanka")
    client.get(f"/desk/tips/{tip.number}")

    def news() -> list[dict[str, int]]:
        return [client.get(f"/desk/news?poll=1{of}").json() for of in ("", f"&tip={tip.number}")]

    before = news()
    seed_message(services, tip, Message(sender="tipster", text="they moved her to house 9"))
    seed_file(services, tip, "9", b"photo", b"clean")
    assert news() == before


def test_the_tipsters_own_words_reach_a_station_when_a_second_officer_consents(
    browser: Browser, officer: Callable[[str], Client], tip: SeededTip, casework: Callable[[str], Casework]
) -> None:
    first, second = officer("sp-2"), officer("sp-3")
    assert "Another officer of this desk must consent" in act(first, tip, "direct", to="lanka", text="look", raw="yes")
    assert browser("lanka").get(f"/desk/tips/{tip.number}").status_code == 404
    form = f'action="/desk/tips/{tip.number}/consent"'
    assert form not in first.get(f"/desk/tips/{tip.number}").text
    assert form in second.get(f"/desk/tips/{tip.number}").text
    confirmation = second.post(f"/desk/tips/{tip.number}/consent", data={"text": ""}).text
    assert "lanka title gets the tip with this instruction:" in confirmation
    assert "look</blockquote>" in confirmation
    assert "The tip itself was handed over." in act(second, tip, "consent", text="")
    assert casework("lanka").open(tip.number).tip == tip.tip


def test_the_page_says_why_an_act_is_no_longer_offered(browser: Browser, tip: SeededTip) -> None:
    page = browser("sp").post(f"/desk/tips/{tip.number}/consent", data={"text": ""})
    assert page.status_code == 422
    assert page.text.count("No officer of your desk asks to hand over") == 1


def test_the_form_of_an_offered_act_says_what_is_wrong(browser: Browser, tip: SeededTip) -> None:
    page = browser("sp").post(f"/desk/tips/{tip.number}/note", data={"text": ""})
    assert page.status_code == 422
    assert page.text.count('role="alert"') == 1


def test_a_private_note_is_marked_and_stays_at_its_desk(browser: Browser, tip: SeededTip) -> None:
    client = browser("sp")
    page = act(client, tip, "note", text="ask the beat constable", private="yes")
    assert '<li class="private">' in page
    act(client, tip, "direct", to="lanka", text="look")
    assert "beat constable" not in browser("lanka").get(f"/desk/tips/{tip.number}").text


def test_a_withdrawn_direction_is_gone_for_the_other_desk(browser: Browser, tip: SeededTip) -> None:
    client = browser("sp")
    act(client, tip, "direct", to="lanka", text="look")
    assert "The direction is withdrawn." in act(client, tip, "withdraw", to="lanka", text="wrong station")
    assert browser("lanka").get(f"/desk/tips/{tip.number}").status_code == 404
    page = client.get(f"/desk/tips/{tip.number}").text
    assert "Direction withdrawn from lanka title" in page
    assert 'id="directions"' not in page


def test_the_style_sheet_hides_a_tip_when_its_page_is_printed(browser: Browser, tip: SeededTip) -> None:
    client = browser("sp")
    assert '<body class="unprinted">' in client.get(f"/desk/tips/{tip.number}").text
    style = client.get("/desk/static/desk.css").text
    assert ".unprinted main > * { display: none; }" in style.partition("@media print")[2]


def test_a_station_can_not_direct_a_tip(
    services: Services, browser: Browser, tip: SeededTip, casework: Callable[[str], Casework]
) -> None:
    sp = casework("sp")
    DeskActs(services, sp, Clocks()).perform(sp.open(tip.number), DeskAct(name="direct", to="lanka", text="look"))
    page = browser("lanka").get(f"/desk/tips/{tip.number}").text
    assert f'action="/desk/tips/{tip.number}/direct"' not in page
    assert f'action="/desk/tips/{tip.number}/report"' in page


@pytest.mark.parametrize(
    ("what", "is_kept"),
    [
        ("Lanka ke daroga har hafte paisa lete hain", True),
        ("थानेदार का भाई यह अड्डा चलाता है", True),
        ("The inspector at Sigra is paid every week", False),
        ("लंका में शराब बिकती है, पुलिस भेजिए", False),
    ],
)
def test_a_station_whose_police_may_be_accused_gets_nothing_until_an_officer_clears_it(
    what: str,
    is_kept: bool,  # noqa: FBT001 - pytest's
    services: Services,
    browser: Browser,
    desk: Callable[[str], Desk],
) -> None:
    tip = seed_tip(services, [desk("sp")], answers={"category": "liquor", "what": what, "police": "no"})
    client, form = browser("sp"), {"to": "lanka", "text": "look", "rewording": "Go there."}
    assert (REFUSED in client.post(f"/desk/tips/{tip.number}/direct", data=form).text) is is_kept
    if is_kept:
        assert REFUSED in act(client, tip, "direct", **form)
        assert browser("lanka").get(f"/desk/tips/{tip.number}").status_code == 404
        assert "Not opened yet" in act(client, tip, "direct", **form, cleared="yes")


def test_the_form_is_filled_with_the_tipsters_choices_and_none_of_their_words(
    services: Services, browser: Browser, desk: Callable[[str], Desk]
) -> None:
    place = {"text": "मेरे घर के सामने वाली गली", "latitude": 25.3, "longitude": 82.9, "station": "lanka"}
    answers = {"what": "जुआ", "place": place, "who": "मेरे चाचा", "danger": ["happening", "मेरी बहन को"], "how_often": "x"}
    tip = seed_tip(services, [desk("sp")], answers=answers)
    page = browser("sp").get(f"/desk/tips/{tip.number}").text
    filled = dict(re.findall(r'<textarea name="give_(\w+)"[^>]*>([^<]*)</textarea>', page))
    assert filled["place"] == "25.30000, 82.90000\nLanka"
    assert {step: filled[step] for step in ("who", "how_often")} == {"who": "", "how_often": ""}
    assert not any(word in field for field in filled.values() for word in ("घर", "चाचा", "बहन"))
