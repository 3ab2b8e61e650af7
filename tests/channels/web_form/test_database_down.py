"""While the database is down, answers are spooled, and the page says so in the citizen's language."""

from __future__ import annotations

from hashlib import sha256

import pytest

from satark.casework.work import PostedMessage
from satark.ingest.spool import Spool, SpoolFull
from satark_testing.dialogue.walking import Photo
from satark_testing.waiting import until
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService
from support.scripted import database_down

STATEMENT = "Written while the database was down"


async def until_shown(citizen: FormCitizen, path: str, text: str) -> None:
    """Wait until a page shows this text."""

    async def shown() -> bool:
        return text in (await citizen.open(path)).html

    await until(shown, every=0.1)


async def until_replayed(served: FormService) -> None:
    """Wait until the spool is empty: events that come before that are spooled as well."""
    runtime = served.host.ingest_runtime
    assert runtime

    async def is_empty() -> bool:
        return not runtime.spool.depth

    await until(is_empty, every=0.1)


async def new_number(served: FormService, before: set[str]) -> str:
    """Wait for a tip that the desk did not have before; return its number."""

    async def new() -> set[str]:
        return await served.numbers() - before

    (number,) = await until(new, every=0.1)
    return number


@pytest.mark.slow("a process")
async def test_an_answer_is_spooled_and_replayed(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    with database_down(served.host.services):
        page = await citizen.answer(STATEMENT)
        assert page.status == 503
        assert "Your answer is saved" in page.text
    await until_shown(citizen, "/form/2", STATEMENT)
    await citizen.open("/form/3")
    assert citizen.asked == "place"


async def test_all_answers_of_one_page_are_spooled(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.open("/all")
    with database_down(served.host.services):
        answers = {f"a.{step}": value for step, value in {**SHORT, "what": STATEMENT}.items() if value}
        assert "Your answer is saved" in (await citizen.press("Continue", answers)).text
    await until_shown(citizen, "/form/2", STATEMENT)


async def test_a_submitted_tip_is_spooled_and_reaches_the_desk(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review({**SHORT, "what": STATEMENT})
    before = await served.numbers()
    with database_down(served.host.services):
        page = await citizen.press("Send")
        assert "Your information is saved" in page.text
    number = await new_number(served, before)
    assert (await served.tip(number)).tip.answers["what"] == STATEMENT


@pytest.mark.slow("a process")
async def test_the_question_about_photo_locations_delays_no_spooled_tip(
    located: FormCitizen, served: FormService
) -> None:
    before = await served.numbers()
    with database_down(served.host.services):
        assert "Your information is saved" in (await located.press("Send")).text
    number = await new_number(served, before)
    assert not any(file.origin for file in (await served.tip(number)).evidence), "nobody said yes"


async def test_a_message_in_the_mailbox_is_spooled(citizen: FormCitizen, served: FormService) -> None:
    code = await citizen.file_tip()
    number = citizen.number
    await citizen.press("I have written it down, close")
    await citizen.open_mailbox(code)
    with database_down(served.host.services):
        assert "Your message is saved" in (await citizen.press("Send", {"message": STATEMENT})).text

    async def thread_of_tip() -> tuple[PostedMessage, ...]:
        return (await served.tip(number)).thread

    thread = await until(thread_of_tip, every=0.1)
    assert [posted.message.text for posted in thread] == [STATEMENT]


async def test_leaving_quickly_erases_the_draft_once_the_database_is_back(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.to_review({**SHORT, "what": STATEMENT})
    cookie = citizen.cookies["satark-form"]
    with database_down(served.host.services):
        left = await citizen.press("Leave quickly")
    assert left.headers["refresh"] == "0;url=https://hi.wikipedia.org/"
    assert citizen.cookies == {}

    async def is_erased() -> bool:
        async with citizen.session.get(f"{citizen.url}/review", headers={"cookie": f"satark-form={cookie}"}) as answer:
            return STATEMENT not in await answer.text() and answer.status == 200

    await until(is_erased, every=0.1)


async def test_an_upload_can_be_retried(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    headers = {"tus-resumable": "1.0.0", "upload-length": "5", "sec-fetch-site": "same-origin"}
    with database_down(served.host.services):
        async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
            assert answer.status == 503, "the script retries it"
    async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
        assert answer.status == 201


async def test_errors_are_shown_in_the_chosen_language(citizen: FormCitizen, served: FormService) -> None:
    await citizen.open("/")
    await citizen.press("हिन्दी")
    page = citizen.page
    assert 'lang="hi"' in (await citizen.open("/nowhere")).html
    assert 'lang="hi"' in (await citizen.post("/form/1", b"{}")).html
    assert 'lang="hi"' in (await citizen.post("/form/1", b"", **{"sec-fetch-site": "cross-site"})).html
    citizen.page = page
    with database_down(served.host.services):
        assert "सहेज" in (await citizen.press("आगे बढ़ें", {"a.category": "INTOX"})).text


async def test_no_page_says_erased_before_the_draft_is_erased(
    citizen: FormCitizen, served: FormService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_replayed(served)
    await citizen.to_review({**SHORT, "what": STATEMENT})
    assert STATEMENT in citizen.page.text
    await citizen.open("/erase")
    asked = citizen.page
    with database_down(served.host.services):
        with monkeypatch.context() as patch:
            patch.setattr(Spool, "add", _full)
            page = await citizen.press("Yes, erase it")
            assert (page.status, "could not be erased" in page.text) == (503, True)
            assert citizen.cookies, "it can be tried again"
        citizen.page = asked
        page = await citizen.press("Yes, erase it")
        assert (page.status, "Not erased yet" in page.text) == (503, True)
        assert "Everything is erased" not in page.text
    assert STATEMENT in (await citizen.open("/review")).text
    await until_replayed(served)
    assert STATEMENT not in (await citizen.open("/review")).text


async def test_no_page_says_erased_before_the_number_is_erased(
    citizen: FormCitizen, served: FormService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_replayed(served)
    code = await citizen.file_tip()
    opened = await citizen.open_mailbox(code)
    with database_down(served.host.services):
        with monkeypatch.context() as patch:
            patch.setattr(Spool, "add", _full)
            page = await citizen.press("Erase my number")
            assert (page.status, "could not be erased" in page.text) == (503, True)
            assert "satark-status" in str(list(citizen.session.cookie_jar)), "it can be tried again"
        citizen.page = opened
        page = await citizen.press("Erase my number")
        assert (page.status, "Not erased yet" in page.text) == (503, True)
        assert "cannot message you" not in page.text


def _full(*_: object) -> None:
    raise SpoolFull


@pytest.mark.slow("a process")
async def test_a_photo_that_is_added_again_since_no_page_shows_it_reaches_the_desk_once(
    citizen: FormCitizen, served: FormService, jpeg: bytes
) -> None:
    """The page says that what was sent is stored; the next page is another, and shows no file yet."""
    await until_replayed(served)
    await citizen.begin()
    for step in ("category", "what", "place", "police"):
        await citizen.answer(SHORT[step])
    pages = [await citizen.open(citizen.page.address) for _ in range(3)]
    with database_down(served.host.services):
        assert "Your answer is saved" in (await citizen.press("Add and stay on this page", {}, [Photo(jpeg)])).text
    for page in pages[:2]:
        citizen.page = page
        await citizen.press("Add and stay on this page", {}, [Photo(jpeg)])
    await until_replayed(served)
    await citizen.open("/form/5")
    assert "Files received so far: 1" in citizen.page.text
    await citizen.press("Erase all files")
    await citizen.press("Add and stay on this page", {}, [Photo(jpeg)])
    await citizen.answer("")
    await citizen.press("Send")
    opened = await served.tip(citizen.number)
    assert [file.sha256 for file in opened.evidence] == [sha256(jpeg).hexdigest()], "it was added after it was erased"


async def test_a_photo_is_sent_once_to_a_mailbox_too(citizen: FormCitizen, served: FormService, jpeg: bytes) -> None:
    await until_replayed(served)
    code = await citizen.file_tip()
    number = citizen.number
    await citizen.press("I have written it down, close")
    await citizen.open_mailbox(code)
    for _ in range(2):
        await citizen.press("Send", {"message": STATEMENT}, [Photo(jpeg)])
    opened = await served.tip(number)
    assert len(opened.evidence) == 1
