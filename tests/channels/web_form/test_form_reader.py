"""A form that cannot be read gets an error page, and nothing of the draft is lost."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from urllib.parse import urlencode

import pytest

from satark_web_form.form_reader import to_submitted_form
from support.form.citizen import FormCitizen

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


def test_a_name_may_have_several_values_and_the_last_one_counts() -> None:
    form = to_submitted_form([("a", "1"), ("b", ""), ("a", "2")])
    assert (form.fields["a"], form.value("a"), form.value("b"), form.value("c")) == (("1", "2"), "2", "", "")
    assert "2" not in repr(form)
