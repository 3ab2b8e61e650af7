"""The mailbox over HTTP: opened by a receipt's code and nothing else."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from satark.api import MediaKind
from satark.ingest.spool import Spool, SpoolFull
from satark_testing.browser import Page
from satark_testing.dialogue.walking import Photo
from satark_web_form.site import PAGE_BYTES
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.upload_problems import UploadRefused
from satark_web_form.uploads.upload_store import UploadStore
from support.acts import respond
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService
from support.scripted import database_down

pytestmark = pytest.mark.slow("a host")

NUMBERS = "The lorry's papers say 1234 5678 9012 3456"


async def ask(served: FormService, number: str, text: str, **more: object) -> None:
    tip = await served.tip(number)
    await asyncio.to_thread(respond, served.desks["sp"], tip, text=text, **more)  # type: ignore[arg-type] # a test's


def typed(page: Page) -> str:
    """Return what the page keeps in the field of the message."""
    return next(control.value for form in page.forms for control in form.controls if control.name == "message")


async def filed(citizen: FormCitizen) -> tuple[str, str]:
    """File a tip and close the form. Return its number and code."""
    code = await citizen.file_tip()
    number = citizen.number
    await citizen.press("I have written it down, close")
    return number, code


async def test_a_question_is_answered_with_text_and_a_photo(
    citizen: FormCitizen, served: FormService, jpeg: bytes
) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "What colour was it?", status="NEED_INFO", question=True)
    page = await citizen.open_mailbox(code)
    assert "More information needed" in page.text
    assert "What colour was it?" in page.text
    assert "To read them again" not in page.text
    assert page.text.index("Answer, or add something") < page.text.index("Or choose an answer")
    assert code not in page.address
    for _ in ("without an answer", "again"):
        citizen.page = page
        await citizen.press("Send", {"message": NUMBERS}, [Photo(jpeg)])
        assert "has been delivered" in citizen.page.text
        assert "To read them again, close and enter the code" in citizen.page.text
    tip = await served.tip(number)
    assert [posted.message.text for posted in tip.thread].count(NUMBERS) == 1
    assert [record.role for record in tip.records] == ["message"]


async def test_after_an_answer_the_code_shows_the_question_again(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "What colour was it?", status="NEED_INFO", question=True)
    await citizen.open_mailbox(code)
    page = await citizen.press("Send", {"message": "White"})
    assert "What colour" not in page.text
    assert "To read them again, close and enter the code" in page.text
    await citizen.press("Close")
    page = await citizen.open_mailbox(code)
    assert "What colour was it?" in page.text
    assert "Your answer has been passed on" in page.text


async def test_an_empty_reply_leaves_the_question_on_the_page(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "What colour was it?", status="NEED_INFO", question=True)
    await citizen.open_mailbox(code)
    for _ in range(2):
        page = await citizen.press("Send", {"message": "  "})
        assert page.status == 422
        assert "What colour was it?" in page.text
        assert "Write or choose something" in page.text
    await citizen.press("Send", {"message": "White"})
    assert (await served.tip(number)).thread[-1].message.text == "White"


async def test_a_reply_typed_before_the_mailbox_closed_is_delivered_with_the_code(
    citizen: FormCitizen, served: FormService
) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "What colour was it?", status="NEED_INFO", question=True)
    page = await citizen.open_mailbox(code)
    await citizen.press("Close")
    citizen.page = page
    page = await citizen.press("Send", {"message": NUMBERS})
    assert page.status == 409
    assert typed(page) == NUMBERS
    await citizen.press("Open", {"code": "0000 0000 0000 0001"})
    assert typed(citizen.page) == NUMBERS, "a wrong code takes nothing away"
    page = await citizen.press("Open", {"code": code})
    assert "What colour was it?" in page.text
    assert "has been delivered" in page.text
    await citizen.press("Send", {"message": "And it has a dent"})
    thread = (await served.tip(number)).thread
    assert [posted.message.text for posted in thread][1:] == [NUMBERS, "And it has a dent"]


async def test_a_reply_that_can_not_be_stored_stays_on_the_page(
    citizen: FormCitizen, served: FormService, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, code = await filed(citizen)
    await citizen.open_mailbox(code)
    with database_down(served.host.services), monkeypatch.context() as patch:
        patch.setattr(Spool, "add", _full)
        page = await citizen.press("Send", {"message": NUMBERS})
        assert page.status == 503
        assert typed(page) == NUMBERS
        assert (await citizen.press("Open", {"code": code})).status == 503
        assert typed(citizen.page) == NUMBERS
    await citizen.press("Open", {"code": code})
    assert (await served.tip(number)).thread[-1].message.text == NUMBERS


def _full(*_: object) -> None:
    raise SpoolFull


async def test_a_refused_file_is_named_and_its_text_delivered(
    citizen: FormCitizen, served: FormService, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, code = await filed(citizen)
    await citizen.open_mailbox(code)
    create = UploadStore.create

    async def refuse_sound(store: UploadStore, key: DraftKey, *, kind: MediaKind, length: int | None) -> str:
        if kind == "audio":
            raise UploadRefused("too-large")
        return await create(store, key, kind=kind, length=length)

    monkeypatch.setattr(UploadStore, "create", refuse_sound)
    page = await citizen.press("Send", {"message": NUMBERS}, [Photo(jpeg), Photo(b"OggS", "audio/ogg")])
    assert "A file was too large" in page.text
    assert "has been delivered" in page.text
    tip = await served.tip(number)
    assert NUMBERS in [posted.message.text for posted in tip.thread]
    assert [record.role for record in tip.records] == ["message"]


@pytest.mark.parametrize("choice", ["Don't know", "Don't want to answer"])
async def test_a_question_is_answered_by_a_choice(citizen: FormCitizen, served: FormService, choice: str) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "Who?", status="NEED_INFO", question=True)
    page = await citizen.open_mailbox(code)
    token = next(c.value for form in page.forms for c in form.controls if c.label == choice)
    await citizen.press("Send", {"token": token})
    assert (await served.tip(number)).thread[-1].message.text == choice


async def test_feedback_reaches_the_desk(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "Three were caught", status="ACTED")
    page = await citizen.open_mailbox(code)
    assert "Did this help?" in page.text
    token = next(c.value for form in page.forms for c in form.controls if c.label == "It restarted")
    await citizen.press("Send", {"token": token})
    assert (await served.tip(number)).thread[-1].message.text == "Did this help? It restarted"


async def test_a_draft_and_a_mailbox_are_independent(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    await citizen.begin()
    await citizen.answer("ARMS")
    draft = citizen.page
    await citizen.open_mailbox(code)
    citizen.page = draft
    await citizen.answer("This belongs to the new tip alone")
    assert citizen.asked == "place"
    assert (await served.tip(number)).thread == ()


async def test_a_wrong_and_an_unknown_code_get_the_same_page(citizen: FormCitizen) -> None:
    code = await citizen.file_tip()
    wrong = f"{(int(code[:4]) + 1) % 10_000:04}{code[4:]}"
    pages = [await citizen.open_mailbox(tried) for tried in (wrong, "0000 0000 0000 0001")]
    assert [page.status for page in pages] == [422, 422]
    assert pages[0].text == pages[1].text
    assert "code is not right" in pages[0].text


async def test_a_malformed_code_is_refused_without_a_lookup(citizen: FormCitizen) -> None:
    page = await citizen.open_mailbox("12 34")
    assert "not a 16-digit code" in page.text
    assert citizen.cookies == {}


async def test_a_closed_mailbox_accepts_no_messages(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    page = await citizen.open_mailbox(code)
    await citizen.press("Close")
    citizen.page = page
    assert (await citizen.press("Send", {"message": "too late"})).status == 409
    assert "enter the code again" in citizen.page.text
    assert (await served.tip(number)).thread == ()


async def test_after_forgetting_the_code_still_opens_the_mailbox(citizen: FormCitizen) -> None:
    _, code = await filed(citizen)
    await citizen.open_mailbox(code)
    await citizen.press("Erase my number")
    assert "cannot message you any more" in citizen.page.text
    assert "Received" in (await citizen.open_mailbox(code)).text


async def test_a_code_is_not_tried_without_a_valid_proof(citizen: FormCitizen) -> None:
    _, code = await filed(citizen)
    await citizen.open("/status?lang=en")
    page = await citizen.press("Open", {"code": code, "proof": "made up"})
    assert page.status == 422
    assert "nothing is lost" in page.text
    assert code in page.html
    assert "Received" in (await citizen.press("Open")).text


@pytest.mark.parametrize("session", ["closed", "no cookie"])
async def test_no_page_says_erased_if_the_mailbox_is_not_open(citizen: FormCitizen, session: str) -> None:
    _, code = await filed(citizen)
    page = await citizen.open_mailbox(code)
    if session == "closed":
        kept = citizen.session.cookie_jar.filter_cookies(URL(f"{citizen.url}/status"))
        await citizen.press("Close")
        citizen.session.cookie_jar.update_cookies(kept, URL(f"{citizen.url}/status"))
    else:
        citizen.session.cookie_jar.clear()
    citizen.page = page
    page = await citizen.press("Erase my number")
    assert page.status == 409
    assert "To be sure that your number is erased" in page.text
    assert "cannot message you any more" not in page.text


NUMBERS_TO_CALL = "Is a life in danger? Call 112 now."
CRY = "bachao wo mujhe maar raha hai"


async def test_a_cry_for_help_gets_the_numbers_to_call(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    await ask(served, number, "Did it help?", status="ACTED")
    page = await citizen.open_mailbox(code)
    choice = next(c.value for form in page.forms for c in form.controls if c.label == "It restarted")
    for values in ({"message": CRY, "token": choice}, {"message": "The lorry is white"}):
        page = await citizen.press("Send", values)
        assert "has been delivered" in page.text
        assert NUMBERS_TO_CALL in page.text
        assert "Did it help?" not in page.text
    assert NUMBERS_TO_CALL in (await citizen.open("/status")).text, "also if the answer was lost on the way"
    await citizen.press("Close")
    page = await citizen.open_mailbox(code)
    assert NUMBERS_TO_CALL not in page.text


async def test_a_cry_for_help_stored_until_the_code_is_entered_gets_the_numbers_to_call(citizen: FormCitizen) -> None:
    _, code = await filed(citizen)
    page = await citizen.open_mailbox(code)
    await citizen.press("Close")
    citizen.page = page
    await citizen.press("Send", {"message": CRY})
    page = await citizen.press("Open", {"code": code})
    assert NUMBERS_TO_CALL in page.text
    assert "Received" in page.text


@pytest.mark.parametrize("police", ["no", "yes"])
async def test_the_size_of_no_page_tells_which_it_is(citizen: FormCitizen, served: FormService, police: str) -> None:
    seen = [await citizen.begin()]
    while step := citizen.asked:
        seen.append(await citizen.answer({**SHORT, "police": police}.get(step, "district")))
    seen.append(await citizen.press("Send"))
    assert {len(page.html.encode()) for page in seen} == {PAGE_BYTES}


async def test_the_size_of_the_mailbox_tells_no_number_of_answers(citizen: FormCitizen, served: FormService) -> None:
    number, code = await filed(citizen)
    for text in ("", "We have looked.", "Thank you for what you told us."):
        if text:
            await ask(served, number, text)
        assert len((await citizen.open_mailbox(code)).html.encode()) == PAGE_BYTES
        await citizen.press("Close")
