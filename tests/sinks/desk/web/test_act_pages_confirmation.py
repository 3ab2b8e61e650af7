"""The pages validate an action on a tip, ask for confirmation, and perform the action once."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Accused, Message
from satark.casework import Casework
from satark.routing.desks import add_desk
from satark.services import Services
from support.tips import SeededTip, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def act(client: Client, seeded: SeededTip, action: str, **form: str) -> str:
    """Submit a form, and confirm it with exactly the fields of the confirmation page."""
    path = f"/desk/tips/{seeded.number}/{action}"
    confirmation = client.post(path, data=form)
    assert "Please check" in confirmation.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', confirmation.text.partition("<main")[2]))
    done = client.post(path, data={**hidden, "confirmed": "yes"}, follow_redirects=False)
    assert done.status_code == 303
    return client.get(done.headers["location"]).text


def test_a_status_is_set_after_the_officer_confirmed_the_tipsters_text(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    confirmation = client.post(
        f"/desk/tips/{seeded.number}/status", data={"status": "ACTION", "text": "<i>जल्द</i>"}
    ).text
    assert "&lt;i&gt;जल्द" in confirmation
    assert casework("sp").open(seeded.number).thread == ()
    page = act(client, seeded, "status", status="ACTION", text="जल्द")
    assert "The status is set." in page
    (posted,) = casework("sp").open(seeded.number).thread
    assert (posted.message.status, posted.message.text, posted.message.question) == ("ACTION", "जल्द", False)


def test_a_question_asks_for_more_information(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert "The tipster can read the question now" in act(client, seeded, "ask", text="कब?")
    (posted,) = casework("sp").open(seeded.number).thread
    assert (posted.message.status, posted.message.text, posted.message.question) == ("NEED_INFO", "कब?", True)
    assert "Waiting for a reply" in client.get("/desk/").text


def test_a_note_stays_between_desks(services: Services, browser: Browser, desk: FindDesk, casework: Cases) -> None:
    seeded = seed_tip(services, [desk("sp")])
    assert "The note is added." in act(browser("sp"), seeded, "note", text="पुराना मामला")
    (posted,) = casework("sp").open(seeded.number).thread
    assert posted.message.internal


def test_a_tip_is_directed_only_to_desks_on_the_list(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert "The tip is directed." in act(client, seeded, "direct", to="lanka", text="जाँच करें")
    assert casework("lanka").open(seeded.number).thread[0].message.text == "→ lanka title: जाँच करें"
    about = seed_tip(services, [desk("sp")], accused=Accused(level="station", unit="lanka"), excluded=("lanka",))
    page = client.get(f"/desk/tips/{about.number}").text
    assert 'value="dig"' in page
    assert 'value="lanka"' not in page
    refused = [
        client.post(f"/desk/tips/{about.number}/direct", data={"to": to, "text": "x", "confirmed": "yes"})
        for to in ("lanka", "nowhere")
    ]
    assert [answer.status_code for answer in refused] == [422, 422]
    once = re.compile(r'name="once" value="[^"]*"|draft=[\w-]+')
    assert len({once.sub("", answer.text) for answer in refused}) == 1
    assert casework("lanka").find("").keys() == {seeded.id}


@pytest.mark.parametrize(
    "case",
    [
        ("status", {"status": ""}, "Choose a status"),
        ("status", {"status": "DONE", "text": "x"}, "Choose a status"),
        ("status", {"status": "CLOSED", "text": "x"}, "To close a tip"),
        ("close", {"text": "x", "reason": "x"}, "Choose an outcome"),
        ("close", {"outcome": "fir", "text": " ", "reason": "x"}, "Write what was done"),
        ("close", {"outcome": "fir", "text": "x"}, "Write the reason that the tipster reads"),
        ("status", {"status": "ACTED", "text": "x" * 1001}, "too long"),
        ("ask", {"text": "  "}, "Write the question"),
        ("note", {}, "Write the note"),
        ("direct", {"to": "lanka", "text": ""}, "Write what is to be done"),
        ("direct", {"to": "sp", "text": "x"}, "Choose a desk"),
    ],
)
def test_an_invalid_form_is_shown_again_with_its_input(
    case: tuple[str, dict[str, str], str], services: Services, browser: Browser, desk: FindDesk
) -> None:
    action, form, message = case
    seeded = seed_tip(services, [desk("sp")])
    answer = browser("sp").post(f"/desk/tips/{seeded.number}/{action}", data={**form, "confirmed": "yes"})
    assert answer.status_code == 422
    assert message in answer.text
    assert f">{form.get('text', '')}</textarea>" in answer.text


def test_a_form_can_be_edited_after_the_confirmation_page(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    form = {"status": "ACTED", "text": "धन्यवाद", "edit": "yes"}
    answer = browser("sp").post(f"/desk/tips/{seeded.number}/status", data=form)
    assert answer.status_code == 200
    assert ">धन्यवाद</textarea>" in answer.text
    assert 'value="ACTED" selected' in answer.text


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("close", {"outcome": "false", "text": "nobody was there", "reason": "We found nothing."}),
        ("direct", {"to": "dig", "text": "Look there."}),
        ("merge", {"to": "", "text": "one matter"}),
        ("note", {"text": "half a page"}),
    ],
)
def test_an_open_confirmation_page_shows_what_came_and_offers_to_edit_the_text(
    *, name: str, form: dict[str, str], services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded, other = (seed_tip(services, [desk("sp")]) for _ in range(2))
    address = f"/desk/tips/{seeded.number}"
    client, elsewhere = browser("sp"), browser("sp")
    opened = client.post(
        f"{address}/{name}", data={**form, **({"to": other.number} if name == "merge" else {}), "seen": "0"}
    )
    assert '<div id="since" data-version="0"></div>' in opened.text
    (poll,) = re.findall(r'data-live="[^"]+" hx-get="([^"]+)"', opened.text)
    elsewhere.post(f"{address}/ask", data={"text": "at what hour?", "confirmed": "yes", "once": "1"})
    seed_message(services, seeded, Message(sender="tipster", text="after ten", answers=1))
    changed = client.get(poll.replace("&amp;", "&"))
    since = changed.text[changed.text.index('<div id="since"') :].partition("<form")[0]
    assert changed.status_code == 200
    assert 'data-version="0"' not in since, "else it is asked for again and again"
    assert all(shown in since for shown in ("This has come since", "at what hour?", "after ten"))
    form_again = client.get(changed.url.copy_remove_param("poll")).text
    assert "Please check" not in form_again
    assert "at what hour?" in form_again.partition('id="form"')[2]
    assert len(casework("sp").open(seeded.number).thread) == 2


def test_a_double_click_has_one_effect(services: Services, browser: Browser, desk: FindDesk, casework: Cases) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    form = {"text": "एक बार", "once": "the same", "confirmed": "yes"}
    for _ in range(2):
        client.post(f"/desk/tips/{seeded.number}/note", data=form)
    assert len(casework("sp").open(seeded.number).thread) == 1


def test_an_unknown_action_is_not_found(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    assert browser("sp").post(f"/desk/tips/{seeded.number}/delete", data={"text": "x"}).status_code == 404


def test_an_officer_whose_name_is_a_desks_too_is_confirmed_by_their_own_name(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded, other = (
        seed_tip(services, [desk("sp")]),
        msgspec.structs.replace(desk("dig"), name="sp-1", title="Elsewhere"),
    )
    services.write_now(lambda unit: add_desk(unit, other))
    page = browser("sp").post(f"/desk/tips/{seeded.number}/assign", data={"to": "sp-1"}).text
    assert "<dd>sp-1</dd>" in page
    assert "Elsewhere" not in page
