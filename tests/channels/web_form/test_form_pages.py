"""The form over HTTP, without JavaScript: question by question, on one page, and with the quirks of browsers."""

from __future__ import annotations

import re
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import Connection, func, select

from satark.api import FormError
from satark.store import tables
from satark_testing.dialogue.walking import Photo
from satark_testing.waiting import until
from satark_web_form.site import FormSite
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService

pytestmark = pytest.mark.slow("a host")

POLICE = {
    **SHORT,
    "police": "yes",
    "police_unit": "station",
    "police_who": "The one with the moustache",
}


async def test_nothing_is_stored_before_the_first_answer(citizen: FormCitizen) -> None:
    page = await citizen.open("/")
    assert citizen.cookies == {}
    assert [c.label for form in page.forms for c in form.controls if c.name == "language"] == ["हिन्दी", "English"]
    await citizen.press("English")
    assert list(citizen.cookies) == ["satark-form"]
    assert citizen.asked == "category"


async def test_question_by_question_a_tip_is_filed_and_reaches_the_desk(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.file_tip()
    tip = await served.tip(citizen.number)
    assert tip.tip.answers == {
        "category": "INTOX",
        "what": SHORT["what"],
        "place": {"text": "Assi ghat", "district": "varanasi", "station": "bhelupur"},
        "police": "no",
    }
    assert (tip.tip.channel, tip.tip.language) == ("web", "en")


async def test_all_questions_on_one_page_give_the_same_tip(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    page = await citizen.follow("See all questions on one page")
    assert "Where is it?" in page.text
    assert "What is happening?" in page.text
    await citizen.press("Continue", {f"a.{step}": value for step, value in SHORT.items() if value})
    assert citizen.asked == "evidence"
    await citizen.answer("")
    await citizen.press("Send")
    one = await served.tip(citizen.number)
    await citizen.press("I have written it down, close")
    await citizen.file_tip()
    other = await served.tip(citizen.number)
    assert one.tip.answers == other.tip.answers


async def test_the_one_page_has_no_details_and_no_files(citizen: FormCitizen) -> None:
    await citizen.begin()
    page = await citizen.open("/all")
    asked = re.findall(r'name="a\.(\w+)\.here"', page.html)
    branch = ["police_unit", "police_district", "police_station", "police_who"]
    assert asked == ["category", "what", "now", "place", "district", "station", "police", *branch]
    assert '<select name="a.station"' in page.html, "a long list is a select"
    assert re.search(r'<option value="kerakat"[^>]*>Kerakat, Jaunpur</option>', page.html)


async def test_a_station_is_selected_on_the_one_page(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.open("/all")
    answers = {**SHORT, "place": "behind the big tree", "station": "lanka"}
    await citizen.press("Continue", {f"a.{step}": value for step, value in answers.items() if value})
    await citizen.answer("")
    await citizen.press("Send")
    place = (await served.tip(citizen.number)).tip.answers["place"]
    assert place == {"text": "behind the big tree", "district": "varanasi", "station": "lanka"}


async def test_the_one_page_shows_every_problem_beside_its_question_and_in_a_summary(citizen: FormCitizen) -> None:
    await citizen.begin()
    await citizen.open("/all")
    page = await citizen.press("Continue", {"a.what": SHORT["what"]})
    assert page.status == 422
    for step in ("category", "place", "police"):
        assert f'href="#a.{step}"' in page.html
        assert f'id="a.{step}-problem"' in page.html
        assert f'id="a.{step}"' in page.html
    assert SHORT["what"] in page.html
    assert "<title>Error: " in page.html


async def test_back_shows_the_answer_and_a_new_answer_replaces_it(citizen: FormCitizen) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.answer("First words here")
    await citizen.follow("Back")
    assert "First words here" in citizen.page.html
    await citizen.answer("Other words there")
    assert citizen.asked == "place"
    await citizen.open("/form/2")
    assert "Other words there" in citizen.page.html


async def test_two_tabs_answer_their_own_questions(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    old = citizen.page
    await citizen.answer("Said in the first tab")
    await citizen.answer("Assi ghat")
    newest = citizen.page
    citizen.page = old
    await citizen.answer("Said in the other tab, later")
    citizen.page = newest
    await citizen.answer("no")
    await citizen.answer("")
    await citizen.press("Send")
    tip = await served.tip(citizen.number)
    assert tip.tip.answers["what"] == "Said in the other tab, later"
    assert tip.tip.answers["police"] == "no"


async def test_an_outdated_review_submits_nothing(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review()
    review, before = citizen.page, await served.numbers()
    await citizen.open("/form/2")
    await citizen.answer("Something quite different")
    citizen.page = review
    page = await citizen.press("Send")
    assert "Something has changed" in page.text
    assert "Something quite different" in page.text
    assert await served.numbers() == before


async def test_a_tip_about_a_station_is_not_routed_to_it(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review(POLICE)
    assert "This will not be shown" not in citizen.page.text
    await citizen.press("Send")
    tip = await served.tip(citizen.number, "dig")
    assert tip.tip.accused is not None
    assert (tip.tip.accused.level, tip.tip.accused.unit) == ("station", "bhelupur")


async def test_the_promise_is_shown_before_the_next_question(citizen: FormCitizen) -> None:
    await citizen.begin()
    for step in ("category", "what", "place", "police", "police_unit"):
        await citizen.answer(POLICE[step])
    assert "This will not be shown to that thana" in citizen.page.text


@pytest.mark.parametrize(
    ("language", "go_on", "told"),
    [("English", "Continue", ["Lokayukta", "magistrate"]), ("हिन्दी", "आगे बढ़ें", ["लोकायुक्त", "मजिस्ट्रेट"])],
)
async def test_a_tipster_who_accuses_the_ranges_office_is_referred_elsewhere(
    citizen: FormCitizen, language: str, go_on: str, told: list[str]
) -> None:
    await citizen.open("/")
    await citizen.press(language)
    for step in ("category", "what", "place", "police"):
        await citizen.press(go_on, {f"a.{step}": POLICE[step]})
    page = await citizen.press(go_on, {"a.police_unit": "range"})
    assert (page.status, citizen.asked) == (422, "police_unit")
    assert [word for word in told if word not in page.text] == []
    await citizen.open("/form/2")
    assert POLICE["what"] in citizen.page.html, "what was told is still there"


LONGEST = {
    **POLICE,
    "category": "HARASS",
    "now": "files",
    "place": "behind the big tree",
    "district": "elsewhere",
    "police_unit": "other_station",
    "police_district": "varanasi",
    "police_station": "lanka",
}


@pytest.mark.parametrize("answers", [POLICE, LONGEST])
async def test_the_shown_step_never_exceeds_the_number_of_steps_and_never_goes_back(
    citizen: FormCitizen, answers: dict[str, str]
) -> None:
    await citizen.begin()
    shown = []
    while step := citizen.asked:
        shown += re.findall(r"Step (\d) of (\d)", citizen.page.text)
        await citizen.answer(answers[step])
    shown += re.findall(r"Last step: (\d) of (\d)", citizen.page.text)
    assert {total for _, total in shown} == {"6"}
    assert [int(n) for n, _ in shown] == sorted(int(n) for n, _ in shown)
    assert shown[-1] == ("6", "6")


async def test_an_answer_is_changed_from_the_review(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review()
    await citizen.follow("Change Place")
    await citizen.answer("Lanka")
    assert citizen.path == "/review"
    await citizen.press("Send")
    tip = await served.tip(citizen.number)
    assert tip.tip.answers["place"]["text"] == "Lanka"


async def test_a_position_is_accepted_with_its_text(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.answer(SHORT["what"])
    degrees = {"a.place.latitude": "२५.२८९२", "a.place.longitude": "83,0067"}
    await citizen.answer("behind the ghat", **degrees)
    await citizen.open("/form/3")
    assert "25.289200" in citizen.page.html
    assert "behind the ghat" in citizen.page.html
    assert re.search(r'<circle class="mark" data-mark r="7" cx="[\d.]+" cy="[\d.]+">', citizen.page.html)


@pytest.mark.parametrize("latitude", ["here", "91", "nan", "1e999", ""])
async def test_an_invalid_position_is_reported_and_the_text_stays(citizen: FormCitizen, latitude: str) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.answer(SHORT["what"])
    page = await citizen.answer("behind the ghat", **{"a.place.latitude": latitude, "a.place.longitude": "83"})
    assert page.status == 422
    assert 'id="a.place-problem"' in page.html
    assert "behind the ghat" in page.html


async def test_a_long_hindi_text_is_accepted_and_a_longer_one_stays_on_the_page(
    citizen: FormCitizen, served: FormService
) -> None:
    text = ("रात में ट्रक आते हैं। " * 1800).strip()
    await citizen.begin()
    await citizen.answer("INTOX")
    page = await citizen.answer(text * 2)
    assert page.status == 422
    assert "too long" in page.text
    assert text in page.html
    await citizen.answer(text)
    for value in ("Assi ghat", "no", ""):
        await citizen.answer(value)
    await citizen.press("Send")
    tip = await served.tip(citizen.number)
    assert tip.tip.answers["what"] == text


async def test_files_and_a_recording_are_sent_with_the_form(
    citizen: FormCitizen, served: FormService, jpeg: bytes
) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.answer("", Photo(b"\0a voice", "audio/ogg", "voice"))
    assert citizen.asked == "place"
    await citizen.answer("Assi ghat")
    await citizen.answer("no")
    page = await citizen.press(
        "Add and stay on this page", {"caption": "the blue drum"}, [Photo(jpeg), Photo(jpeg + b"2")]
    )
    assert "Files received so far: 2" in page.text
    await citizen.answer("")
    assert "voice message" in citizen.page.text
    await citizen.press("Send")
    tip = await served.tip(citizen.number)
    assert [(file.role, file.caption) for file in tip.evidence] == [("evidence", "the blue drum")] * 2
    assert len(tip.voices) == 1


@pytest.mark.parametrize(("answer", "known"), [("No, erase it", 0), ("Yes, they may", 1)])
async def test_a_photos_location_is_asked_about_before_the_receipt_and_shared_only_after_a_yes(
    answer: str, known: int, located: FormCitizen, served: FormService
) -> None:
    page = await located.press("Send")
    assert page.address.endswith("/before-sending")
    assert "where or when it was taken" in page.text
    assert 'not been sent yet: only a button that says "send" sends it' in page.text
    assert (await located.press(answer)).address.endswith("/review"), "another question stood between"
    await located.press("Send")
    assert located.code
    tip = await served.tip(located.number)
    assert sum(file.origin is not None for file in tip.evidence) == known


async def test_a_photos_location_is_asked_about_before_the_review_if_the_location_is_known(
    located: FormCitizen,
) -> None:
    await located.open("/form/5")
    page = await located.press("Continue")
    assert page.address.endswith("/before-sending")
    assert "not been sent yet" not in page.text
    assert (await located.open("/review")).address.endswith("/before-sending")
    page = await located.press("No, erase it")
    assert page.address.endswith("/review")
    await located.press("Send")
    assert located.code


async def test_going_back_from_the_question_before_sending_submits_nothing(located: FormCitizen) -> None:
    await located.press("Send")
    await located.open("/form/2")
    page = await located.answer("Something else happens there")
    assert page.address.endswith("/review")
    assert "Something else happens there" in page.text
    await located.press("Send")
    assert located.code


@pytest.mark.parametrize("after", ["killed", "ingested", "cleaned"])
async def test_a_form_that_is_sent_again_for_want_of_an_answer_adds_its_files_once(
    after: str, citizen: FormCitizen, served: FormService, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server may be killed before or after the draft has the files, which may be cleaned by then."""
    another = jpeg[:-2] + b"\xff\xfe\x00\x04hi\xff\xd9"
    await citizen.begin()
    for step in ("category", "what", "place", "police"):
        await citizen.answer(SHORT[step])
    asked, chosen = citizen.page, [Photo(jpeg), Photo(jpeg), Photo(another)]
    with monkeypatch.context() as patch:
        if after == "killed":
            patch.setattr(FormSite, "ingest", AsyncMock(side_effect=FormError(502, "killed")))
        await citizen.press("Add and stay on this page", {}, chosen[:2])
    if after == "cleaned":
        await until(lambda: not served.host.services.read(_due), every=0.1)
    for again in (1, 2):
        citizen.page = asked
        page = await citizen.press("Add and stay on this page", {}, chosen[:2])
        assert "Files received so far: 1" in page.text, again
    page = await citizen.press("Add and stay on this page", {}, chosen[2:])
    assert "Files received so far: 2" in page.text
    await citizen.answer("")
    await citizen.press("Send")
    assert len((await served.tip(citizen.number)).evidence) == 2, "the same file is kept once"


def _due(connection: Connection) -> int:
    return connection.execute(select(func.count()).where(tables.file.c.state == "due")).scalar_one()


async def test_all_files_are_erased_by_one_button(citizen: FormCitizen, jpeg: bytes) -> None:
    await citizen.begin()
    for step in ("category", "what", "place", "police"):
        await citizen.answer(SHORT[step])
    await citizen.press("Add and stay on this page", {}, [Photo(jpeg)])
    page = await citizen.press("Erase all files")
    assert (citizen.asked, "received so far" in page.text) == ("evidence", False)


async def test_details_are_added_one_by_one(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review()
    await citizen.follow("Add more details")
    await citizen.follow("Who")
    await citizen.answer("A tall man")
    assert "A tall man" in citizen.page.text
    await citizen.press("Send")
    tip = await served.tip(citizen.number)
    assert tip.tip.answers["who"] == "A tall man"


async def test_the_language_can_be_changed(citizen: FormCitizen) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.open("/")
    await citizen.press("हिन्दी")
    assert 'lang="hi"' in citizen.page.html
    assert citizen.asked == "what"


async def test_after_a_draft_expired_the_new_answer_is_stored_and_the_others_are_gone(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    page = citizen.page
    await citizen.open("/erase")
    await citizen.press("Yes, erase it")
    citizen.page = page
    await citizen.answer("Written on a page that was open for a day")
    assert "earlier answers have expired" in citizen.page.text
    await citizen.follow("No, continue")
    assert citizen.asked == "category"
    await citizen.answer("INTOX")
    assert citizen.asked == "place"
    await citizen.open("/form/2")
    assert "Written on a page that was open for a day" in citizen.page.html


async def test_erasing_needs_a_confirmation(citizen: FormCitizen) -> None:
    await citizen.to_review()
    await citizen.follow("Cancel")
    await citizen.follow("No, continue")
    assert citizen.path == "/review"
    await citizen.follow("Cancel")
    await citizen.press("Yes, erase it")
    assert citizen.cookies == {}
    await citizen.open("/review")
    assert citizen.path == "/"


async def test_leaving_erases_the_draft_and_opens_the_neutral_page(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review()
    left = await citizen.press("Leave quickly")
    assert left.headers["refresh"] == "0;url=https://hi.wikipedia.org/"
    assert left.headers["clear-site-data"] == '"cache"'
    assert left.headers["referrer-policy"] == "no-referrer"
    assert "satark" not in left.html.lower()
    assert citizen.cookies == {}
    await citizen.open("/review")
    assert citizen.path == "/"
    assert "unfinished report" not in citizen.page.text


async def test_the_desks_url_without_its_slash_keeps_the_query(citizen: FormCitizen) -> None:
    async with citizen.session.get(f"{citizen.url}/desk?status=ACTED", allow_redirects=False) as answer:
        assert answer.headers["location"] == "/desk/?status=ACTED"


async def test_no_page_says_erased_after_the_tip_was_sent_or_without_a_draft(citizen: FormCitizen) -> None:
    await citizen.file_tip()
    for _ in range(2):
        await citizen.open("/erase")
        page = await citizen.press("Yes, erase it")
        assert "already sent cannot be taken back" in page.text
        assert "erased" not in page.text


async def test_a_draft_is_erased_from_the_question_before_sending(citizen: FormCitizen) -> None:
    await citizen.to_review({**SHORT, "what": "They sell liquor there, my mobile number is 9876543210"})
    assert citizen.path == "/before-sending"
    cookie = citizen.cookies["satark-form"]
    await citizen.open("/erase")
    assert "Everything is erased" in (await citizen.press("Yes, erase it")).text
    async with citizen.session.get(f"{citizen.url}/all", headers={"cookie": f"satark-form={cookie}"}) as answer:
        assert "liquor there" not in await answer.text()
