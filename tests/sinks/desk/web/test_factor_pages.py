"""Pages that add and remove second factors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from httpx2 import Client

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.second_factors import factors_of
from support.desk_reading import code_at

Browser = Callable[..., Client]
Open = Callable[[str], UnlockedDesk]
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
