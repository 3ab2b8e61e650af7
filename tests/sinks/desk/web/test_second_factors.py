"""Second factors: enrolled, asked for, good once, removed, and sealed so that a stolen database gives no secret."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pyotp
import pytest
from httpx2 import Client
from sqlalchemy import select

from satark.services import Services
from satark_desk.officers import UnlockedDesk, unlock
from satark_desk.second_factors import add_factor, check_code, factors_of, new_totp, new_totp_secret, open_factors
from satark_desk.tables import second_factor
from satark_desk.web.sessions import MAX_TRIES, PendingSignIns

Browser = Callable[..., Client]
Open = Callable[[str], UnlockedDesk]
RIGHT = {"desk": "sp", "officer": "sp-1", "passphrase": "sp passphrase 1"}
NOW = 1_800_000_000


def code_at(secret: str, now: float) -> str:
    return pyotp.TOTP(secret).at(int(now))


@pytest.fixture
def secret(services: Services, unlocked: Open) -> str:
    """The secret of an authenticator app that the officer `sp-1` has; no code of the present minutes was used."""
    secret = new_totp_secret()
    new = new_totp(unlocked("sp"), secret, code_at(secret, NOW), now=NOW)
    assert new is not None
    add_factor(services, unlocked("sp"), new, name="phone", now=NOW)
    return secret


def enrol(client: Client, *, passphrase: str = RIGHT["passphrase"], code: str = "") -> tuple[int, str, str]:
    page = client.get("/desk/account/app").text
    secret = re.sub(r"\s", "", re.findall(r'secret" translate="no">([A-Z2-7 ]+)<', page)[0])
    form = {"code": code or code_at(secret, time.time()), "name": "my phone", "passphrase": passphrase}
    answer = client.post("/desk/account/app", data=form)
    return answer.status_code, answer.text, secret


def test_an_app_is_added_on_the_page_and_asked_for_from_then_on(browser: Browser, services: Services) -> None:
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


def test_a_code_is_good_once_and_a_clock_may_be_off_by_one_step(
    services: Services, unlocked: Open, secret: str
) -> None:
    sp = unlocked("sp")
    later = NOW + 300
    code = code_at(secret, later - 30)
    assert check_code(services, sp, f"{code[:3]} {code[3:]}", now=later)
    assert not check_code(services, sp, code, now=later)
    assert check_code(services, sp, code_at(secret, later + 30), now=later)
    # One that is older than a code that was used is refused too.
    assert not check_code(services, sp, code_at(secret, later), now=later)
    assert not check_code(services, sp, code_at(secret, later + 90), now=later)
    for junk in ("", "x" * 20, "१२३४५६"):
        assert not check_code(services, sp, junk, now=later)


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


def test_a_factor_is_removed_with_the_passphrase_only(browser: Browser, services: Services) -> None:
    client = browser("sp")
    enrol(client)
    (factor,) = services.read(lambda c: factors_of(c, "sp", "sp-1"))
    assert client.post("/desk/account/remove", data={"id": factor.id, "passphrase": "wrong"}).status_code == 422
    browser("dig").post("/desk/account/remove", data={"id": factor.id, "passphrase": "dig passphrase 1"})
    assert services.read(lambda c: factors_of(c, "sp", "sp-1")) == [factor]
    client.post("/desk/account/remove", data={"id": factor.id, "passphrase": RIGHT["passphrase"]})
    assert services.read(lambda c: factors_of(c, "sp", "sp-1")) == []


def test_a_stolen_database_gives_no_secret(services: Services, unlocked: Open, secret: str) -> None:
    (row,) = services.read(lambda c: c.execute(select(second_factor)).all())
    files = [path for path in services.evidence_dir.parent.rglob("*") if path.is_file()]
    assert files
    raw = pyotp.TOTP(secret).byte_secret()
    for path in files:
        content = path.read_bytes()
        assert secret.encode() not in content
        assert raw not in content
        assert raw.hex().encode() not in content
    assert secret.encode() not in row.sealed
    assert open_factors(services, unlocked("dig"), "totp") == []
    assert [one.secret for one in open_factors(services, unlocked("sp"), "totp")] == [secret]


def test_commands_need_no_second_factor(services: Services, secret: str) -> None:
    assert unlock(services, "sp", "sp-1", RIGHT["passphrase"]).desk.name == "sp"


def test_a_pending_sign_in_expires_and_their_number_is_limited(unlocked: Open) -> None:
    now = [0.0]
    pending, sp = PendingSignIns(lambda: now[0]), unlocked("sp")
    token = pending.begin(sp, "key")
    assert pending.find(token) is not None
    now[0] = 301.0
    assert pending.find(token) is None
    tokens = [pending.begin(sp, "key") for _ in range(600)]
    assert pending.find(tokens[0]) is None
    assert pending.find(tokens[-1]) is not None
    assert "SECRET" not in repr(pending.find(tokens[-1]))


def test_the_pages_of_a_second_factor_need_a_sign_in(browser: Browser) -> None:
    client = browser()
    assert client.get("/desk/second-factor").url.path == "/desk/sign-in"
    assert client.post("/desk/second-factor", data={"code": "1"}).url.path == "/desk/sign-in"
