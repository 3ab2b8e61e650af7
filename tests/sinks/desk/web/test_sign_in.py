"""Sign-in, sign-out and language; a failed attempt reveals nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import httpx2
import pytest
from httpx2 import Client
from sqlalchemy import update
from starlette.applications import Starlette

from satark.api.sealing import new_identity, recipient_of
from satark.services import Services
from satark_desk.derivation_queue import QUEUE, DerivationQueue
from satark_desk.desk_keys import UnlockedDesk, seal_desk_key
from satark_desk.officers import NewOfficer, add_officer, remove_officer, rotate, unlock
from satark_desk.tables import officer
from satark_desk.web.guess_delays import LONGEST_GAP, LONGEST_HOLD, Visits
from satark_desk.web.session_store import MAX_TRIES
from satark_testing.waiting import until
from support.desk_reading import code_at

Browser = Callable[..., Client]
RIGHT = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}


def test_a_stranger_is_sent_to_the_sign_in_page(browser: Browser) -> None:
    client = browser()
    for path in ("/desk/", "/desk/tips/K999-9999", "/desk/tips/K999-9999/files/1"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
    answer = client.post("/desk/tips/K999-9999/note", data={"text": "x"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")


def test_the_right_passphrase_starts_a_session(browser: Browser) -> None:
    client = browser()
    answer = client.post("/desk/sign-in", data=RIGHT, follow_redirects=False)
    assert answer.status_code == 303
    page = client.get("/desk/")
    assert "sp title" in page.text
    assert "sp-1" in page.text


def test_every_wrong_attempt_gets_the_same_response(browser: Browser) -> None:
    wrong = [
        RIGHT | {"passphrase": "something else"},
        RIGHT | {"officer": "nobody"},
        RIGHT | {"desk": "nowhere"},
        RIGHT | {"passphrase": ""},
        RIGHT | {"desk": "dig"},
    ]
    pages = set()
    for form in wrong:
        answer = browser().post("/desk/sign-in", data=form)
        assert answer.status_code == 403
        assert answer.headers["set-cookie"].startswith("satark-desk-visit=")
        assert answer.headers["set-cookie"].count("=") <= 4
        pages.add(answer.text.replace(f'value="{form["desk"]}"', "").replace(f'value="{form["officer"]}"', ""))
    assert len(pages) == 1


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which attempts were held back. The test advances the throttle's clock instead of waiting."""
    waits: list[float] = []

    async def hold(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("satark_desk.web.sign_in.asyncio.sleep", hold)
    return waits


@pytest.mark.parametrize("officer", ["sp-1", "nobody"])
def test_guessing_is_slowed_by_account_whether_the_account_exists_or_not(
    browser: Browser, held: list[float], officer: str
) -> None:
    client = browser()
    guess = RIGHT | {"officer": officer, "passphrase": "a wrong guess"}
    answers = [client.post("/desk/sign-in", data=guess) for _ in range(12)]
    codes = [answer.status_code for answer in answers]
    assert codes[:5] == [403] * 5
    assert codes[-1] == 429
    assert int(answers[-1].headers["retry-after"]) <= LONGEST_HOLD + LONGEST_GAP + 1
    assert held[:5] == [0.0] * 5
    assert all(0 < seconds <= LONGEST_HOLD for seconds in held[5:])
    # Even the right passphrase takes its turn: otherwise the delay would tell right from wrong.
    assert client.post("/desk/sign-in", data=RIGHT | {"officer": officer}).status_code == 429
    assert client.post("/desk/sign-in", data=RIGHT | {"desk": "dig", "officer": "dig-1"}).status_code == 403


def test_strangers_wrong_passphrases_never_slow_an_officer_in_a_known_browser(
    browser: Browser, held: list[float]
) -> None:
    own, stranger = browser("sp"), browser()
    own.post("/desk/sign-out")
    for number in range(60):
        stranger.post("/desk/sign-in", data=RIGHT | {"passphrase": f"wrong {number}"})
    assert stranger.post("/desk/sign-in", data=RIGHT).status_code == 429
    for _ in range(25):
        held.clear()
        answer = own.post("/desk/sign-in", data=RIGHT, follow_redirects=False)
        assert (answer.status_code, held) == (303, [0.0])


def test_an_officer_in_a_new_browser_waits_some_seconds_and_gets_in(browser: Browser, held: list[float]) -> None:
    stranger = browser()
    for number in range(6):
        stranger.post("/desk/sign-in", data=RIGHT | {"passphrase": f"wrong {number}"})
    assert browser().post("/desk/sign-in", data=RIGHT).url.path == "/desk/"
    assert 0 < held[-1] <= LONGEST_HOLD


def test_a_known_browser_has_a_budget_of_its_own_and_a_forged_cookie_has_none(
    browser: Browser, held: list[float]
) -> None:
    own = browser("sp")
    codes = [own.post("/desk/sign-in", data=RIGHT | {"passphrase": "wrong"}).status_code for _ in range(12)]
    assert (codes[:5], codes[-1]) == ([403] * 5, 429)
    assert browser().post("/desk/sign-in", data=RIGHT).url.path == "/desk/"

    made_up = browser()
    made_up.cookies.set("satark-desk-browser", "x" * 43, path="/desk")
    for _ in range(12):
        made_up.post("/desk/sign-in", data=RIGHT | {"desk": "dig", "officer": "dig-1"})
    stranger = browser().post("/desk/sign-in", data=RIGHT | {"desk": "dig", "officer": "dig-1"})
    assert stranger.status_code == 429
    answer = browser("lanka").get("/desk/account")
    assert "x" * 43 not in answer.text


def test_a_cookie_value_that_somebody_else_set_makes_no_browser_known(browser: Browser) -> None:
    victim = browser()
    victim.cookies.set("satark-desk-browser", "known-to-the-thief", path="/desk", domain="desk.example")
    cookie = victim.post("/desk/sign-in", data=RIGHT, follow_redirects=False).headers["set-cookie"]
    assert "satark-desk-browser=" in cookie
    assert "known-to-the-thief" not in cookie


def test_a_full_queue_asks_a_stranger_to_wait_and_lets_a_known_browser_in(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, stranger = browser("sp"), browser()
    queue = DerivationQueue(1, 1)
    monkeypatch.setattr("satark_desk.web.sign_in.QUEUE", queue)
    go = threading.Event()
    queue.submit(lambda: go.wait(20))
    waiting = queue.submit(lambda: None)
    answer = stranger.post("/desk/sign-in", data=RIGHT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    go.set()
    waiting.result(20)
    assert own.post("/desk/sign-in", data=RIGHT).url.path == "/desk/"


@pytest.mark.slow("a third of a second of a processor")
async def test_a_hundred_sign_ins_do_not_block_the_event_loop(site: Starlette) -> None:
    """A page is served while every check waits. No check blocks the event loop, or a thread that pages need."""
    go = threading.Event()
    QUEUE.resize(1, 200)
    QUEUE.submit(lambda: go.wait(30))
    headers = {"sec-fetch-site": "same-origin"}
    transport = httpx2.ASGITransport(app=site)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.example", headers=headers) as client:
        forms = [RIGHT | {"passphrase": f"wrong {number}"} for number in range(99)]
        tasks = [asyncio.ensure_future(client.post("/desk/sign-in", data=form)) for form in [*forms, RIGHT]]
        page = await client.get("/desk/sign-in")
        assert (page.status_code, sum(task.done() for task in tasks)) == (200, 0)
        go.set()
        answers = await asyncio.gather(*tasks)
    assert [answer.status_code for answer in answers] == [403] * 99 + [303]


@pytest.mark.slow("a whole desk")
@pytest.mark.parametrize("place", [0, 20, 40])
async def test_an_officer_in_a_new_browser_goes_before_a_flood_of_guesses(
    site: Starlette, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Attempts that the flood sends without the page, or from one page, wait for their turn."""
    go, order = threading.Event(), list[str]()
    queue = DerivationQueue(1, 200)
    queue.submit(lambda: go.wait(30))
    monkeypatch.setattr("satark_desk.web.sign_in.QUEUE", queue)

    def noted(services: Services, desk: str, name: str, passphrase: str, roster: str) -> UnlockedDesk:
        order.append(passphrase)
        return unlock(services, desk, name, passphrase, roster)

    monkeypatch.setattr("satark_desk.web.sign_in.unlock", noted)

    async def visitor(*, sees_page: bool) -> httpx2.AsyncClient:
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=site),
            base_url="http://desk.example",
            headers={"sec-fetch-site": "same-origin"},
        )
        if sees_page:
            await client.get("/desk/sign-in")
        return client

    senders = [await visitor(sees_page=False), await visitor(sees_page=True)] * 20
    forms = [RIGHT | {"passphrase": f"wrong {number}"} for number in range(40)]
    senders.insert(place, await visitor(sees_page=True))
    forms.insert(place, RIGHT)
    posts = [sender.post("/desk/sign-in", data=form) for sender, form in zip(senders, forms, strict=True)]
    tasks = [asyncio.ensure_future(post) for post in posts]
    await until(lambda: len(queue._waiting) == 41)
    go.set()
    answers = await asyncio.gather(*tasks)
    assert sorted(answer.status_code for answer in answers) == [303, *[403] * 40]
    assert order.index(RIGHT["passphrase"]) <= 2


def test_a_forged_visit_does_not_count() -> None:
    visits = Visits()
    one, other = visits.begin(), visits.begin()
    assert visits.checked(one)
    assert visits.checked(one) != visits.checked(other)
    assert {visits.checked(cookie) for cookie in ("", "x", f"x.{one.partition('.')[2]}", one[:-1], "é.é")} == {""}
    assert Visits().checked(one) == ""


def test_an_officer_with_an_old_copy_of_the_desks_key_is_told_what_to_do(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    stale = seal_desk_key("sp", "sp-1", new_identity()[1], recipient_of(unlocked("sp").own_identity))
    services.write_now(
        lambda unit: unit.main.execute(update(officer).where(officer.c.desk == "sp").values(desk_key=stale))
    )
    answer = browser().post("/desk/sign-in", data=RIGHT)
    assert answer.status_code == 409
    assert "Ask another officer of your desk for a new key" in answer.text


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(browser: Browser) -> None:
    client = browser("sp")
    copy = dict(client.cookies)
    assert "signed out" in client.post("/desk/sign-out").text
    assert client.get("/desk/", follow_redirects=False).status_code == 303
    thief = browser()
    thief.cookies.update(copy)
    assert thief.get("/desk/", follow_redirects=False).status_code == 303


def test_a_page_that_refreshes_itself_is_redirected_as_a_whole(browser: Browser) -> None:
    answer = browser().get("/desk/?poll=1", headers={"hx-request": "true"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["hx-redirect"], answer.text) == (200, "/desk/sign-in", "")


def test_a_removed_officer_is_signed_out_at_once_for_good(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    client = browser()
    form = {"desk": "sp", "officer": "second", "passphrase": "another passphrase"}
    assert client.post("/desk/sign-in", data=form).url.path == "/desk/"
    remove_officer(services, unlocked("sp"), "second")
    assert client.get("/desk/", follow_redirects=False).status_code == 303
    assert client.post("/desk/sign-in", data=form).status_code == 403


def test_a_changed_key_signs_everybody_out(
    browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    client = browser("sp")
    rotate(services, unlocked("sp"))
    assert client.get("/desk/", follow_redirects=False).status_code == 303
    browser("sp")


def test_an_unreadable_or_too_large_form_is_refused(browser: Browser) -> None:
    client = browser("sp")
    for path in ("/desk/sign-in", "/desk/language", "/desk/tips/x/note"):
        assert client.post(path, files={"a": b"x"}).status_code == 415
        assert client.post(path, data={"a": "x" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("/desk/tips/K1", "/desk/tips/K1"),
        ("/desk/?q=//x", "/desk/?q=//x"),
        ("https://evil.example/desk/", "/desk/"),
        ("//evil.example", "/desk/"),
        ("/desk//evil.example", "/desk/"),
        ("/desk/\\evil", "/desk/"),
        ("/desk/\r\nset-cookie: x", "/desk/"),
        ("", "/desk/"),
    ],
)
def test_a_change_of_language_redirects_only_within_the_desk(browser: Browser, address: str, goes: str) -> None:
    client = browser()
    answer = client.post("/desk/language", data={"language": "hi", "next": address}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, goes)


def test_the_language_follows_the_browser_until_the_officer_chooses(browser: Browser) -> None:
    client = browser()
    assert 'lang="en"' in client.get("/desk/sign-in").text
    client.post("/desk/language", data={"language": "hi", "next": ""})
    assert "साइन इन करें" in client.get("/desk/sign-in").text
    client.post("/desk/language", data={"language": "xx", "next": ""})
    assert "साइन इन करें" in client.get("/desk/sign-in").text


Open = Callable[[str], UnlockedDesk]


def test_after_some_wrong_codes_the_passphrase_is_asked_for_again(browser: Browser, secret: str) -> None:
    client = browser()
    client.post("/desk/sign-in", data=RIGHT)
    codes = [client.post("/desk/second-factor", data={"code": "000000"}).status_code for _ in range(MAX_TRIES)]
    assert codes == [403] * MAX_TRIES
    answer = client.post("/desk/second-factor", data={"code": code_at(secret, time.time())})
    assert (answer.url.path, "Enter your passphrase again" in answer.text) == ("/desk/sign-in", True)


@pytest.mark.usefixtures("secret")
def test_a_process_is_in_use_while_an_officer_is_signed_in_or_about_to_be_or_wrong_codes_count(
    browser: Browser, site: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use = site.routes[0].app.state.in_use  # type: ignore[attr-defined]
    assert not in_use()
    client = browser("dig")
    assert in_use()
    client.post("/desk/sign-out")
    assert not in_use()
    client.post("/desk/sign-in", data=RIGHT)
    assert in_use(), "the second factor is still to come"
    with monkeypatch.context() as patch:
        patch.setattr("satark_desk.web.session_store.SECOND_FACTOR_WITHIN", -1)
        assert not in_use()
    client.post("/desk/sign-in", data=RIGHT)
    client.post("/desk/second-factor", data={"code": "000000"})
    monkeypatch.setattr("satark_desk.web.session_store.SECOND_FACTOR_WITHIN", -1)
    assert in_use(), "a new process would count no wrong code"
    monkeypatch.setattr("satark_desk.web.guess_delays.FORGOTTEN_AFTER", -1)
    assert not in_use()


def test_a_replaced_process_begins_no_session_and_sends_the_form_to_the_new_one(
    browser: Browser, site: Starlette
) -> None:
    client = browser()
    site.routes[0].app.state.leave()  # type: ignore[attr-defined]
    answer = client.post("/desk/sign-in", data=RIGHT, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/desk/sign-in")
    assert "satark-desk" not in client.cookies
    assert client.post("/desk/sign-in", data=RIGHT | {"passphrase": "wrong"}).status_code == 403


def test_a_passphrase_without_a_second_factor_gives_no_session_and_no_known_browser(
    browser: Browser, secret: str
) -> None:
    client = browser()
    client.post("/desk/sign-in", data=RIGHT)
    assert "satark-desk" not in client.cookies
    assert "satark-desk-browser" not in client.cookies
    assert client.get("/desk/account", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "form", [{}, {"code": ""}, {"code": " "}, {"code": "", "passkey": ""}, {"passkey": "{}"}], ids=str
)
def test_an_empty_answer_is_a_wrong_one(browser: Browser, secret: str, form: dict[str, str]) -> None:
    client = browser()
    assert client.post("/desk/sign-in", data=RIGHT).url.path == "/desk/second-factor"
    assert client.post("/desk/second-factor", data=form or {"else": "x"}).status_code == 403
    assert "satark-desk" not in client.cookies
    assert client.get("/desk/account").url.path == "/desk/sign-in"


def test_the_pages_of_a_second_factor_need_a_sign_in(browser: Browser) -> None:
    client = browser()
    assert client.get("/desk/second-factor").url.path == "/desk/sign-in"
    assert client.post("/desk/second-factor", data={"code": "1"}).url.path == "/desk/sign-in"
