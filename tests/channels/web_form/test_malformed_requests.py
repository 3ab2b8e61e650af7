"""Malformed and forged requests get an error page, and the draft stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from urllib.parse import urlencode

import pytest

from support.form.citizen import FormCitizen

pytestmark = pytest.mark.slow("a host")

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
CASES: Mapping[str, tuple[bytes, str, int]] = {
    "ten thousand fields": (urlencode([(f"a{n}", "x") for n in range(10_000)]).encode(), FORM, 400),
    "far too long": (b"a.what=" + b"x" * 2_100_000, FORM, 413),
    "no form at all": (b"{}", "application/json", 415),
    "broken encoding": (b"a.what=%ff%fe", FORM, 400),
    "bytes": (b"\xff\x00\xfe", FORM, 400),
    "multipart without a boundary": (b"--x", MULTIPART, 415),
    "multipart that breaks off": (
        b'--x\r\ncontent-disposition: form-data; name="a"\r\n',
        "multipart/form-data; boundary=x",
        400,
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("path", ["/form/2", "/all", "/send", "/status", "/status/message"])
async def test_an_unreadable_form_gets_an_error_page_and_nothing_is_lost(
    citizen: FormCitizen, case: str, path: str
) -> None:
    body, kind, status = CASES[case]
    await citizen.begin()
    await citizen.answer("INTOX")
    page = await citizen.post(path, BytesIO(body), **{"content-type": kind})
    assert page.status in {status, 415}
    assert "could not be read" in page.text
    await citizen.open("/form/1")
    assert 'value="INTOX" checked' in citizen.page.html


@pytest.mark.parametrize("question", ["", "nothing", "evidence-x"])
@pytest.mark.parametrize("path", ["/form/1", "/form/99", "/details/1", "/details/99", "/all"])
async def test_a_form_that_stays_on_no_question_leads_to_the_current_one(
    citizen: FormCitizen, path: str, question: str
) -> None:
    await citizen.begin()
    fields = {"stay": "1", "question": question} if question else {"stay": "1"}
    page = await citizen.post(path, BytesIO(urlencode(fields).encode()), **{"content-type": FORM})
    assert page.status in {200, 422}
    assert "Leave quickly" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://satark2345.onion"},
    ],
)
async def test_a_cross_origin_form_is_refused(citizen: FormCitizen, headers: Mapping[str, str]) -> None:
    await citizen.begin()
    page = await citizen.post("/form/1", urlencode({"question": "category", "a.category": "ARMS"}).encode(), **headers)
    assert page.status == 403
    assert "did not come from our page" in page.text
    await citizen.open("/form/1")
    assert "checked" not in citizen.page.html


@pytest.mark.parametrize("token", ["", "review:send:zzz", "category:ARMS:1", "@any:@forget:0\n", "x" * 9999])
async def test_a_forged_token_submits_nothing(citizen: FormCitizen, token: str) -> None:
    await citizen.to_review()
    await citizen.press("Send", {"token": token})
    assert "Tip no." not in citizen.page.text
    await citizen.open("/review")
    assert citizen.path == "/review"


@pytest.mark.parametrize("step", ["", "review", "@language", "nothing", "a" * 5000, "police_who"])
async def test_an_answer_to_an_unknown_question_is_harmless(citizen: FormCitizen, step: str) -> None:
    await citizen.begin()
    await citizen.answer("INTOX")
    page = await citizen.press("Continue", {"question": step, f"a.{step}": "<script>alert(1)</script>"})
    assert page.status in {200, 422}
    assert "<script>alert" not in page.html


async def test_answers_are_escaped(citizen: FormCitizen) -> None:
    text = "\"'><script>alert(1)</script>{{7*7}}"
    await citizen.begin()
    await citizen.answer("INTOX")
    await citizen.answer(text)
    await citizen.answer(text)
    await citizen.open("/form/2")
    assert "<script>alert" not in citizen.page.html
    assert "{{7*7}}" in citizen.page.html


@pytest.mark.parametrize("cookie", ["x", "a" * 43, "../../etc/passwd", "%00", "é"])
async def test_a_forged_cookie_is_replaced(citizen: FormCitizen, cookie: str) -> None:
    headers = {"cookie": f"satark-form={cookie}"} if cookie.isascii() else {}
    await citizen.post("/", urlencode({"language": "en"}).encode(), **{"content-type": FORM, **headers})
    assert citizen.cookies["satark-form"] != cookie


async def test_every_page_has_the_security_headers(citizen: FormCitizen) -> None:
    await citizen.begin()
    for path in ("/", "/form/1", "/all", "/status", "/who-can-know", "/nowhere"):
        headers = (await citizen.open(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["onion-location"].startswith("http://satark2345.onion/")
        assert "server" not in headers


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
