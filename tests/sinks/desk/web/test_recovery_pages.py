"""Recovery on the web: an officer asks, another officer approves, and neither learns the other's passphrase."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from support.desks import end_founding

Browser = Callable[..., Client]
NEW = "purana kuan neem ka ped"


@pytest.fixture
def second(browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk]) -> Client:
    """A browser in which a second officer of the desk `sp` is signed in."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="another passphrase"))
    client = browser()
    sign_in(client)
    return client


def sign_in(second: Client) -> None:
    form = {"desk": "sp", "officer": "second", "passphrase": "another passphrase"}
    assert second.post("/desk/sign-in", data=form).url.path == "/desk/"


def ask(client: Client, officer: str = "sp-1", new: str = NEW, again: str = NEW) -> tuple[int, str]:
    answer = client.post("/desk/recover", data={"desk": "sp", "officer": officer, "new": new, "again": again})
    return answer.status_code, answer.text


def code_in(page: str) -> str:
    (code,) = re.findall(r'class="code" translate="no">([\w-]{9})<', page)
    return str(code)


def test_an_officer_who_lost_the_passphrase_gets_in_again(browser: Browser, second: Client, services: Services) -> None:
    status, page = ask(browser())
    assert status == 200
    assert "Officers of your desk who wait until somebody approves their new passphrase: 1" in second.get("/desk/").text
    requests = second.get("/desk/recoveries").text
    assert ("sp-1" in requests, code_in(page) in requests, NEW in requests) == (True, False, False)
    wrong = second.post("/desk/recoveries", data={"officer": "sp-1", "code": "0000-0000"})
    assert wrong.status_code == 422
    old = browser("sp")
    approved = second.post("/desk/recoveries", data={"officer": "sp-1", "code": code_in(page)})
    assert "can sign in with the new passphrase" in approved.text
    # Whoever is signed in with the old key is out.
    assert old.get("/desk/", follow_redirects=False).status_code == 303
    form = {"desk": "sp", "officer": "sp-1", "passphrase": NEW}
    assert browser().post("/desk/sign-in", data=form).url.path == "/desk/"


def test_two_officers_who_type_the_code_on_the_same_page_sign_one_change(
    browser: Browser, second: Client, services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="third", passphrase="a third passphrase 9"))
    end_founding(services, unlocked)
    sign_in(second)
    code = code_in(ask(browser(), "third")[1])
    first = second.post("/desk/recoveries", data={"officer": "third", "code": code})
    assert "Your approval is noted" in first.text
    again = browser("sp").post("/desk/recoveries", data={"officer": "third", "code": code})
    assert "can sign in with the new passphrase" in again.text
    assert unlock(services, "sp", "third", NEW).officer == "third"


def test_the_answer_does_not_tell_whether_such_an_officer_exists(browser: Browser) -> None:
    pages = {
        re.sub(
            r"[\w-]{9}(?=</p>)|[0-9a-f ]{24}(?=</code>)", "", re.sub(r'value="[^"]*"', "", ask(browser(), officer)[1])
        )
        for officer in ("sp-1", "nobody")
    }
    assert len(pages) == 1


@pytest.mark.parametrize(("new", "again"), [("12345678", "12345678"), (NEW, "something else"), ("", "")])
def test_a_weak_or_mistyped_passphrase_is_refused(browser: Browser, second: Client, new: str, again: str) -> None:
    assert ask(browser(), new=new, again=again)[0] == 422
    assert "Nobody waits for approval" in second.get("/desk/recoveries").text


def test_nobody_approves_for_another_desk_or_for_themselves(browser: Browser, services: Services) -> None:
    code = code_in(ask(browser())[1])
    for desk in ("dig", "sp"):
        client = browser(desk)
        assert "sp-1</h2>" not in client.get("/desk/recoveries").text
        answer = client.post("/desk/recoveries", data={"officer": "sp-1", "code": code})
        assert answer.status_code == 422
    assert unlock(services, "sp", "sp-1", "sp passphrase 1").officer == "sp-1"


def test_guessing_codes_is_throttled(browser: Browser, second: Client) -> None:
    ask(browser())
    codes = [
        second.post("/desk/recoveries", data={"officer": "sp-1", "code": f"{number:04}-0000"}).status_code
        for number in range(7)
    ]
    assert codes == [422] * 5 + [429] * 2
