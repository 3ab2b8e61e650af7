"""The receipt's page shows the code below any notices, until the tipster says that they have it."""

from __future__ import annotations

import asyncio
import re

import pytest

from satark.dialogue.session import Session
from satark.ingest.sessions import decode_session
from satark.store import tables
from satark_testing.waiting import until
from satark_web_form.submit_pages import receipt_lines
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService
from support.scripted import database_down

RECEIPT = "Tip number: 4K7Q-2XPM\nCode: 8391 4460 7012 5538"
SHOWN = [("Tip number: 4K7Q-2XPM", False), ("Code: 8391 4460 7012 5538", True)]
NOTICE = "File no. 1 could not be cleaned."


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ((RECEIPT, "May we message you?"), SHOWN),
        ((NOTICE, RECEIPT, "May we message you?"), [(NOTICE, False), *SHOWN]),
        ((RECEIPT,), SHOWN),
    ],
)
def test_the_receipt_is_shown_below_notices_about_files(parts: tuple[str, ...], lines: list[tuple[str, bool]]) -> None:
    assert receipt_lines(parts) == lines


@pytest.mark.slow("a host")
async def test_a_tipster_who_sends_again_after_a_lost_answer_sees_the_same_receipt(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.to_review()
    review, before = citizen.page, await served.numbers()
    await citizen.press("Send")
    code, number = citizen.code, citizen.number
    await served.tip(number)
    citizen.page = review
    page = await citizen.press("Send")
    assert (page.status, citizen.code, citizen.number) == (200, code, number)
    assert await served.numbers() - before == {number}


@pytest.mark.slow("a host")
async def test_a_tipster_who_presses_send_twice_at_once_sees_one_receipt(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.to_review()
    before = await served.numbers()
    form = next(form for form in citizen.page.forms if form.action.endswith("/send"))

    async def send() -> str:
        async with citizen.session.post(form.action, data=form.sent(), headers={"origin": citizen.url}) as answer:
            assert answer.status == 200
            return await answer.text()

    pages = await asyncio.gather(*(send() for _ in range(5)))
    await citizen.open("/receipt")
    code = citizen.code
    assert [page for page in pages if code not in page] == []
    await served.tip(citizen.number)
    assert await served.numbers() - before == {citizen.number}


@pytest.mark.slow("a host")
@pytest.mark.parametrize("path", ["/receipt", "/send", "/", "/review", "/form/1", "/details", "/before-sending"])
async def test_the_receipt_can_be_found_again_until_it_is_closed(citizen: FormCitizen, path: str) -> None:
    code = await citizen.file_tip()
    await citizen.follow("Who can know that it was you?")
    await citizen.open(path)
    assert citizen.code == code
    await citizen.press("I have written it down, close")
    assert citizen.cookies == {}
    assert code not in (await citizen.open(path)).text


@pytest.mark.slow("a host")
async def test_leaving_quickly_takes_the_receipt_away(citizen: FormCitizen) -> None:
    code = await citizen.file_tip()
    cookie = citizen.cookies["satark-form"]
    await citizen.press("Leave quickly")
    async with citizen.session.get(f"{citizen.url}/receipt", headers={"cookie": f"satark-form={cookie}"}) as answer:
        assert code not in await answer.text()


@pytest.mark.slow("a host")
async def test_a_tip_sent_while_the_database_was_down_gets_its_receipt_later(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.to_review()
    with database_down(served.host.services):
        page = await citizen.press("Send")
        assert "The receipt with its code will be here" in page.text

    async def shown() -> bool:
        return "Secret code" in (await citizen.open("/receipt")).text

    await until(shown, every=0.1)
    await served.tip(citizen.number)
    assert "Received" in (await citizen.open_mailbox(citizen.code)).text


@pytest.mark.slow("a host")
async def test_a_thief_of_the_server_can_not_read_the_receipt(citizen: FormCitizen, served: FormService) -> None:
    code = await citizen.file_tip()
    secret = citizen.cookies["satark-form"]
    opened = await asyncio.to_thread(_everything_opened, served)
    assert any(session.receipt for session, _ in opened), "the search looks where the receipt is"
    for session, handle in opened:
        stored = repr(session.receipt) + repr([getattr(session, name) for name in Session.__struct_fields__]) + handle
        assert code not in stored
        assert code.replace(" ", "") not in stored
        assert secret not in stored


def _everything_opened(served: FormService) -> list[tuple[Session, str]]:
    """All sessions and reply handles, opened with every key that the server has."""
    runtime, services = served.host.ingest_runtime, served.host.services
    assert runtime
    identity = runtime.identity
    rows = services.read(lambda found: found.execute(tables.conversation.select()).all())
    return [
        (decode_session(identity.open_draft(row.id, row.draft)), handle.address)
        for row in rows
        if row.draft and (handle := identity.open_handle(row.handle, row.id))
    ]


FORM = "application/x-www-form-urlencoded"
IDENTIFYING = {**SHORT, "what": "They sell liquor behind the school, my mobile number is 9876543210"}


@pytest.mark.slow("a host")
async def test_an_outdated_question_before_sending_submits_nothing(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review(IDENTIFYING)
    asked, before = citizen.page, await served.numbers()
    await citizen.open("/form/2")
    await citizen.answer("They sell arms behind the temple, my mobile number is 9123456789")
    for button in ("Erase and send", "Send with them"):
        citizen.page = asked
        page = await citizen.press(button)
        assert (page.address.split("/")[-1], "Something has changed" in page.text) == ("before-sending?changed", True)
    assert await served.numbers() == before
    await citizen.press("Erase and send")
    assert "9123456789" not in (await served.tip(citizen.number)).tip.answers["what"]


@pytest.mark.slow("a host")
async def test_erase_and_send_needs_a_proof_of_work(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review(IDENTIFYING)
    before = await served.numbers()
    for proof in ("made up", ""):
        page = await citizen.press("Erase and send", {"proof": proof})
        assert (page.status, citizen.path) == (422, "/before-sending")
        assert "nothing is lost" in page.text
        assert "9876543210" in page.text
    assert await served.numbers() == before
    assert "after this answer" not in citizen.page.text
    await citizen.press("Erase and send")
    assert citizen.code


@pytest.mark.slow("a host")
@pytest.mark.parametrize("path", ["/before-sending", "/send"])
@pytest.mark.parametrize("question", ["review", "@identity"])
async def test_while_the_database_is_down_nothing_is_sent_without_a_proof_of_work(
    citizen: FormCitizen, served: FormService, question: str, path: str
) -> None:
    await citizen.to_review(SHORT if question == "review" else IDENTIFYING)
    token = next(found[0] for found in re.finditer(rf"{question}:send:\w+", citizen.page.html))
    with database_down(served.host.services):
        page = await citizen.post(path, f"token={token}".encode(), **{"content-type": FORM})
    assert page.status == 503
    assert "could not be sent" in page.text
    assert (await citizen.open("/review")).status == 200
    assert "Code" not in citizen.page.text
