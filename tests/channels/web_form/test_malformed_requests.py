"""Malformed and forged requests get an error page, and the draft stays as it was."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode

import pytest

from support.form.citizen import FormCitizen

pytestmark = pytest.mark.slow("a host")

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("question", ["", "nothing", "evidence-x"])
@pytest.mark.parametrize("path", ["/form/1", "/form/99", "/details/1", "/details/99", "/all"])
async def test_a_form_that_names_no_valid_question_gets_a_page_of_the_form(
    citizen: FormCitizen, path: str, question: str
) -> None:
    await citizen.begin()
    fields = {"stay": "1", "question": question} if question else {"stay": "1"}
    page = await citizen.post(path, BytesIO(urlencode(fields).encode()), **{"content-type": FORM})
    assert page.status in {200, 422}
    assert "Leave quickly" in page.text


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
