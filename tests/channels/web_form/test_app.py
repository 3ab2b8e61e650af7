"""Every page has its security headers, and no page of another site can submit a form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from support.form.citizen import FormCitizen


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
