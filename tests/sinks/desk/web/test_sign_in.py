"""Sign-in, sign-out and language; a wrong attempt reveals nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from satark.services import Services
from satark_desk.officers import UnlockedDesk, add_officer, remove_officer, rotate

Browser = Callable[..., TestClient]
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
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/desk"):
        assert part in cookie
    assert "Secure" not in cookie
    page = client.get("/desk/")
    assert "sp title" in page.text
    assert "sp-1" in page.text


def test_over_https_the_cookie_is_secure(site: object) -> None:
    client = TestClient(site, base_url="https://desk.example", headers={"sec-fetch-site": "same-origin"})  # type: ignore[arg-type]
    assert "Secure" in client.post("/desk/sign-in", data=RIGHT, follow_redirects=False).headers["set-cookie"]


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
        assert "set-cookie" not in answer.headers
        pages.add(answer.text.replace(f'value="{form["desk"]}"', "").replace(f'value="{form["officer"]}"', ""))
    assert len(pages) == 1


@pytest.mark.parametrize("officer", ["sp-1", "nobody"])
def test_guessing_is_throttled_by_account_whether_it_exists_or_not(browser: Browser, officer: str) -> None:
    client = browser()
    guess = RIGHT | {"officer": officer, "passphrase": "a wrong guess"}
    answers = [client.post("/desk/sign-in", data=guess).status_code for _ in range(6)]
    assert answers == [403, 403, 403, 403, 403, 429]
    # Even the right passphrase waits now: otherwise the delay would tell right from wrong.
    assert client.post("/desk/sign-in", data=RIGHT | {"officer": officer}).status_code == 429
    assert client.post("/desk/sign-in", data=RIGHT | {"desk": "dig", "officer": "dig-1"}).status_code == 403


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
    add_officer(services, unlocked("sp"), "second", "another passphrase")
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


def test_a_cross_site_form_is_refused(browser: Browser) -> None:
    client = browser("sp")
    headers = {"sec-fetch-site": "cross-site"}
    assert client.post("/desk/sign-out", headers=headers).status_code == 403
    assert client.get("/desk/", follow_redirects=False).status_code == 200


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


def test_every_page_has_strict_headers_and_nothing_inline(browser: Browser) -> None:
    client = browser("sp")
    for path in ("/desk/", "/desk/sign-in", "/desk/tips/K999-9999"):
        answer = client.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        for inline in ("style=", "onclick", "<style", "javascript:", "http://", "https://"):
            assert inline not in answer.text
    asset = client.get("/desk/static/desk.css")
    assert (asset.status_code, asset.headers["cache-control"]) == (200, "no-cache")
