"""The second step of a sign-in."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark_desk.desk_keys import UnlockedDesk
from satark_desk.web.session_store import MAX_TRIES
from support.desk_reading import code_at

Browser = Callable[..., Client]
Open = Callable[[str], UnlockedDesk]
RIGHT = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}


def test_after_some_wrong_codes_the_passphrase_is_asked_for_again(browser: Browser, secret: str) -> None:
    client = browser()
    client.post("/desk/sign-in", data=RIGHT)
    codes = [client.post("/desk/second-factor", data={"code": "000000"}).status_code for _ in range(MAX_TRIES)]
    assert codes == [403] * MAX_TRIES
    answer = client.post("/desk/second-factor", data={"code": code_at(secret, time.time())})
    assert (answer.url.path, "Enter your passphrase again" in answer.text) == ("/desk/sign-in", True)


def test_a_passphrase_alone_gives_no_session_and_no_known_browser(browser: Browser, secret: str) -> None:
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
