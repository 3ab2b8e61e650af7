"""The database is out of reach: what somebody sends is kept, or they are told that it was not, in their language."""

from __future__ import annotations

from satark.casework.opened_tip import PostedMessage
from satark.testing.form.citizen import SHORT, FormCitizen
from satark.testing.form.service import FormService
from satark.testing.scripted import database_down
from satark.testing.waiting import until

TOLD = "Told while the database was out of reach"


async def until_shown(citizen: FormCitizen, path: str, words: str) -> None:
    """Wait until a page shows these words."""

    async def shown() -> bool:
        return words in (await citizen.open(path)).html

    await until(shown, every=0.1)


async def new_number(served: FormService, before: set[str]) -> str:
    """Wait for a tip that the desk did not have before; return its number."""

    async def new() -> set[str]:
        return await served.numbers() - before

    (number,) = await until(new, every=0.1)
    return number


async def test_an_answer_is_kept_and_is_there_when_the_database_is_back(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    with database_down(served.host.services):
        page = await citizen.answer(TOLD)
        assert page.status == 503
        assert "Your answer is kept safe" in page.text
    await until_shown(citizen, "/form/2", TOLD)
    await citizen.open("/form/3")
    assert citizen.asked == "place"


async def test_all_answers_of_the_one_page_are_kept(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    await citizen.open("/all")
    with database_down(served.host.services):
        told = {f"a.{step}": value for step, value in {**SHORT, "what": TOLD}.items() if value}
        assert "Your answer is kept safe" in (await citizen.press("Continue", told)).text
    await until_shown(citizen, "/form/2", TOLD)


async def test_a_tip_that_is_handed_in_is_kept_and_reaches_the_desk(citizen: FormCitizen, served: FormService) -> None:
    await citizen.to_review({**SHORT, "what": TOLD})
    before = await served.numbers()
    with database_down(served.host.services):
        page = await citizen.press("Send")
        assert "Your information is kept safe" in page.text
    number = await new_number(served, before)
    assert (await served.tip(number)).tip.answers["what"] == TOLD


async def test_a_photo_that_would_be_asked_about_holds_up_no_tip_that_is_kept(
    located: FormCitizen, served: FormService
) -> None:
    before = await served.numbers()
    with database_down(served.host.services):
        assert "Your information is kept safe" in (await located.press("Send")).text
    number = await new_number(served, before)
    assert not any(file.origin for file in (await served.tip(number)).evidence), "nobody said yes"


async def test_an_answer_in_the_mailbox_is_kept(citizen: FormCitizen, served: FormService) -> None:
    code = await citizen.file_tip()
    number = citizen.number
    await citizen.press("I have written it down, close")
    await citizen.open_mailbox(code)
    with database_down(served.host.services):
        assert "Your message is kept safe" in (await citizen.press("Send", {"message": TOLD})).text

    async def thread_of_tip() -> tuple[PostedMessage, ...]:
        return (await served.tip(number)).thread

    thread = await until(thread_of_tip, every=0.1)
    assert [posted.message.text for posted in thread] == [TOLD]


async def test_leaving_in_a_hurry_works_and_erases_once_the_database_is_back(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.to_review({**SHORT, "what": TOLD})
    cookie = citizen.cookies["satark-form"]
    with database_down(served.host.services):
        left = await citizen.press("Leave quickly")
    assert left.headers["refresh"] == "0;url=https://hi.wikipedia.org/"
    assert citizen.cookies == {}

    async def is_erased() -> bool:
        async with citizen.session.get(f"{citizen.url}/review", headers={"cookie": f"satark-form={cookie}"}) as answer:
            return TOLD not in await answer.text() and answer.status == 200

    await until(is_erased, every=0.1)


async def test_a_file_is_sent_again_by_itself(citizen: FormCitizen, served: FormService) -> None:
    await citizen.begin()
    headers = {"tus-resumable": "1.0.0", "upload-length": "5", "sec-fetch-site": "same-origin"}
    with database_down(served.host.services):
        async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
            assert answer.status == 503, "the script takes it for passing"
    async with citizen.session.post(f"{citizen.url}/uploads/", headers=headers) as answer:
        assert answer.status == 201


async def test_whatever_goes_wrong_is_told_in_the_language_that_was_chosen(
    citizen: FormCitizen, served: FormService
) -> None:
    await citizen.open("/")
    await citizen.press("हिन्दी")
    page = citizen.page
    assert 'lang="hi"' in (await citizen.open("/nowhere")).html
    assert 'lang="hi"' in (await citizen.post("/form/1", b"{}")).html
    assert 'lang="hi"' in (await citizen.post("/form/1", b"", **{"sec-fetch-site": "cross-site"})).html
    citizen.page = page
    with database_down(served.host.services):
        assert "सुरक्षित" in (await citizen.press("आगे बढ़ें", {"a.category": "INTOX"})).text
