"""An officer's account: an own passphrase, sessions and known browsers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.casework import ActFilter, NotAllowed
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, WrongPassphrase, add_officer, unlock
from satark_desk.second_factors import factors_of
from support.desk_reading import code_at
from support.tips import seed_tip

Browser = Callable[..., Client]
Open = Callable[[str], UnlockedDesk]
OLD, NEW = "sp passphrase 1", "purana kuan neem ka ped"


def change(client: Client, old: str = OLD, new: str = NEW, again: str | None = None) -> tuple[int, str]:
    form = {"old": old, "new": new, "again": new if again is None else again}
    answer = client.post("/desk/passphrase", data=form)
    return answer.status_code, answer.text


@pytest.fixture
def new_officer(services: Services, unlocked: Open, browser: Browser) -> Client:
    """A browser in which an officer has signed in for the first time, with a passphrase that somebody else set."""
    new = NewOfficer(name="second", passphrase="another passphrase", temporary=True)
    add_officer(services, unlocked("sp"), new)
    client = browser()
    form = {"desk": "sp", "officer": "second", "passphrase": "another passphrase"}
    assert client.post("/desk/sign-in", data=form).url.path == "/desk/passphrase"
    return client


def test_an_officer_with_a_temporary_passphrase_can_only_set_a_new_one(new_officer: Client, services: Services) -> None:
    for path in ("/desk/", "/desk/account", "/desk/tips/K999-9999", "/desk/recoveries", "/desk/audit"):
        answer = new_officer.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/passphrase"), path
    answer = new_officer.post("/desk/tips/K999-9999/note", data={"text": "x"}, follow_redirects=False)
    assert answer.headers["location"] == "/desk/passphrase"
    assert change(new_officer, "another passphrase")[0] == 200
    assert new_officer.get("/desk/").url.path == "/desk/"
    assert not unlock(services, "sp", "second", NEW).temporary
    with pytest.raises(WrongPassphrase):
        unlock(services, "sp", "second", "another passphrase")


def test_a_temporary_passphrase_still_works_in_commands(new_officer: Client, services: Services) -> None:
    assert unlock(services, "sp", "second", "another passphrase").temporary


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_weak_passphrase_is_refused_with_advice_in_the_officers_language(browser: Browser, language: str) -> None:
    client = browser("sp")
    client.post("/desk/language", data={"language": language, "next": ""})
    status, page = change(client, new="12345678")
    assert status == 422
    advice = {"en": "that guessers try first", "hi": "अंदाज़ा लगाने वाले सबसे पहले आज़माते हैं"}
    assert advice[language] in page
    assert "12345678" not in page


def test_a_passphrase_is_changed_only_with_the_present_one_and_two_equal_entries(
    browser: Browser, services: Services
) -> None:
    client = browser("sp")
    assert change(client, old="a wrong passphrase")[0] == 403
    assert change(client, again="something else entirely")[0] == 422
    assert change(client, new=OLD)[0] == 422
    assert unlock(services, "sp", "sp-1", OLD).desk.name == "sp"
    status, page = change(client)
    assert (status, "Your passphrase is changed" in page) == (200, True)
    assert unlock(services, "sp", "sp-1", NEW).desk.name == "sp"


def test_guessing_the_present_passphrase_in_an_open_session_is_throttled(browser: Browser) -> None:
    client = browser("sp")
    codes = [change(client, old=f"wrong guess {number}")[0] for number in range(7)]
    assert codes == [403] * 5 + [429] * 2
    assert change(client)[0] == 429


def test_changing_the_passphrase_ends_other_sessions_and_forgets_other_browsers(browser: Browser) -> None:
    here, there = browser("sp"), browser("sp")
    assert change(here)[0] == 200
    assert here.get("/desk/account").text.count('name="forget"') == 1
    assert there.get("/desk/", follow_redirects=False).status_code == 303
    assert here.get("/desk/", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("language", "says"), [("en", "the key of the desk is changed too"), ("hi", "डेस्क की कुंजी भी बदलती है")]
)
def test_after_a_new_passphrase_the_session_goes_on_with_the_new_keys(
    language: str, says: str, browser: Browser, services: Services, unlocked: Open
) -> None:
    client, before = browser("sp"), unlocked("sp")
    seed_tip(services, [before.desk], answers={"what": "a still in the mill"})
    client.post("/desk/language", data={"language": language, "next": ""})
    assert says.casefold() in client.get("/desk/passphrase").text.casefold()
    assert change(client)[0] == 200
    assert "a still in the mill" in client.get("/desk/").text
    after = unlock(services, "sp", "sp-1", NEW)
    assert after.own_identity != before.own_identity
    above = unlocked("dig").viewer(services).read(services, ActFilter(desk="sp")).acts
    assert {one.flaw for one in above} == {""}
    assert "passphrase_changed" in {one.act.kind for one in above}


def test_while_the_roster_was_rewritten_no_passphrase_is_changed(
    browser: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser("sp")

    def refuse(*_: object) -> None:
        raise NotAllowed("the roster changed meanwhile: try again", reason="changed")

    monkeypatch.setattr("satark_desk.web.account_pages.change_passphrase", refuse)
    status, page = change(client)
    assert (status, "try again later" in page) == (409, True)


def test_officers_can_list_and_name_and_end_their_own_sessions_but_nobody_elses(browser: Browser) -> None:
    here, there, other = browser("sp"), browser("sp"), browser("dig")
    there.headers["user-agent"] = "Mozilla/5.0 (Linux; Android 15) Chrome/156"
    there.post("/desk/sign-in", data={"desk": "sp", "officer": "sp-1", "passphrase": OLD})
    page = here.get("/desk/account").text
    (wanted,) = re.findall(r'sessions"><input type="hidden" name="id" value="(\w+)"', page)
    assert "this session" in page

    browsers = re.findall(r'browsers">\s*<input type="hidden" name="id" value="(\w+)"', page)
    assert len(browsers) == 2
    for one in browsers:
        here.post("/desk/account/browsers", data={"id": one, "name": f"desk {one[:3]}"})
    assert all(f"desk {one[:3]}" in here.get("/desk/account").text for one in browsers)

    other.post("/desk/account/sessions", data={"id": wanted})
    assert there.get("/desk/", follow_redirects=False).status_code == 200
    assert "The session is ended" in here.post("/desk/account/sessions", data={"id": wanted}).text
    assert there.get("/desk/", follow_redirects=False).status_code == 303
    assert here.get("/desk/", follow_redirects=False).status_code == 200


def test_all_other_sessions_end_together(browser: Browser) -> None:
    here, others = browser("sp"), [browser("sp") for _ in range(3)]
    here.post("/desk/account/sessions", data={"others": "yes"})
    assert [one.get("/desk/", follow_redirects=False).status_code for one in others] == [303] * 3
    assert here.get("/desk/", follow_redirects=False).status_code == 200


def test_a_forgotten_browser_is_unknown_and_its_sessions_end(browser: Browser) -> None:
    here, lost = browser("sp"), browser("sp")
    page = here.get("/desk/account").text
    entries = re.findall(r'this browser|browsers">\s*<input type="hidden" name="id" value="(\w+)"', page)
    mine = entries[entries.index("") + 1]
    (theirs,) = {one for one in entries if one} - {mine}
    here.post("/desk/account/browsers", data={"id": theirs, "name": "x", "forget": "yes"})
    assert lost.get("/desk/", follow_redirects=False).status_code == 303
    assert here.get("/desk/account").text.count('name="forget"') == 1
    assert here.post("/desk/account/browsers", data={"id": "nothing", "forget": "yes"}).url.path == "/desk/account"


RIGHT = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}


def enrol(client: Client, *, passphrase: str = RIGHT["passphrase"], code: str = "") -> tuple[int, str, str]:
    page = client.get("/desk/account/app").text
    secret = re.sub(r"\s", "", re.findall(r'secret" translate="no">([A-Z2-7 ]+)<', page)[0])
    form = {"code": code or code_at(secret, time.time()), "name": "my phone", "passphrase": passphrase}
    answer = client.post("/desk/account/app", data=form)
    return answer.status_code, answer.text, secret


def test_an_app_is_added_on_the_page_and_each_later_sign_in_asks_for_a_code(
    browser: Browser, services: Services
) -> None:
    client = browser("sp")
    assert enrol(client, passphrase="wrong")[0] == 422
    assert enrol(client, code="000000")[0] == 422
    status, page, secret = enrol(client)
    assert (status, "my phone" in page) == (200, True)

    other = browser()
    assert other.post("/desk/sign-in", data=RIGHT).url.path == "/desk/second-factor"
    assert other.get("/desk/", follow_redirects=False).status_code == 303
    assert other.post("/desk/second-factor", data={"code": "000000"}).status_code == 403
    later = time.time() + 30
    assert other.post("/desk/second-factor", data={"code": code_at(secret, later)}).url.path == "/desk/"


def test_a_factor_is_removed_with_the_passphrase_only(browser: Browser, services: Services) -> None:
    client = browser("sp")
    enrol(client)
    (factor,) = services.read(lambda c: factors_of(c, "sp", "sp-1"))
    assert client.post("/desk/account/remove", data={"id": factor.id, "passphrase": "wrong"}).status_code == 422
    browser("dig").post("/desk/account/remove", data={"id": factor.id, "passphrase": "dig passphrase 1"})
    assert services.read(lambda c: factors_of(c, "sp", "sp-1")) == [factor]
    client.post("/desk/account/remove", data={"id": factor.id, "passphrase": RIGHT["passphrase"]})
    assert services.read(lambda c: factors_of(c, "sp", "sp-1")) == []
