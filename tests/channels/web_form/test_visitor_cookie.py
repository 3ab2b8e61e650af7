"""A visitor is a random cookie that scripts and other sites cannot read."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from satark_web_form.visitor_cookie import Visitor, new_visitor
from support.form.citizen import FormCitizen

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("cookie", ["x", "a" * 43, "../../etc/passwd", "%00", "é"])
async def test_a_forged_cookie_is_replaced(citizen: FormCitizen, cookie: str) -> None:
    headers = {"cookie": f"satark-form={cookie}"} if cookie.isascii() else {}
    await citizen.post("/", urlencode({"language": "en"}).encode(), **{"content-type": FORM, **headers})
    assert citizen.cookies["satark-form"] != cookie


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(citizen: FormCitizen) -> None:
    await citizen.open("/")
    form = citizen.page.forms[1]
    async with citizen.session.post(
        form.action, data={"language": "en"}, headers={"origin": citizen.url}, allow_redirects=False
    ) as answer:
        given = answer.headers["set-cookie"].lower()
    assert "httponly" in given
    assert "samesite=lax" in given
    assert "path=/" in given
    assert "max-age" not in given
    assert "expires" not in given


def test_a_visitor_has_256_random_bits_and_its_repr_hides_them() -> None:
    visitors = [new_visitor() for _ in range(50)]
    assert len({visitor.secret for visitor in visitors}) == 50
    assert all(len(visitor.secret) == 43 for visitor in visitors)
    assert not [v for v in visitors if v.secret in f"{v!r} {v} {v.address!r} {v.key!r}"]
    assert Visitor("x") == Visitor("x")
