"""Behind an https proxy: security headers, cookies and the origin check."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from support.form.service import form_service

pytestmark = pytest.mark.slow("a host")

PUBLIC = "https://tips.example"
LANGUAGE = {"language": "en"}


@pytest.fixture
async def proxied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a connection as a proxy makes it: plain http, with the host that the browser requested."""
    monkeypatch.setenv("SATARK_PUBLIC_URL", PUBLIC)
    jar = aiohttp.DummyCookieJar()
    async with (
        form_service(tmp_path, {}) as service,
        aiohttp.ClientSession(service.url, headers={"host": "tips.example"}, cookie_jar=jar) as client,
    ):
        yield client


async def test_responses_have_an_hsts_header(proxied: aiohttp.ClientSession) -> None:
    for path in ("/", "/status", "/static/form.css"):
        async with proxied.get(path) as answer:
            assert answer.headers["strict-transport-security"].startswith("max-age=63072000")


async def test_cookies_are_bound_to_this_host_and_https(proxied: aiohttp.ClientSession) -> None:
    async with proxied.post("/", data=LANGUAGE, headers={"origin": PUBLIC}, allow_redirects=False) as answer:
        given = answer.headers["set-cookie"]
    assert given.startswith("__Host-satark-form=")
    assert "; Secure" in given
    assert "; Path=/" in given
    assert "Domain" not in given


@pytest.mark.parametrize(
    "origin", ["http://tips.example", "https://tips.example.evil", "https://evil.example", "null", ""]
)
async def test_a_form_of_another_origin_is_refused(proxied: aiohttp.ClientSession, origin: str) -> None:
    headers = {"origin": origin} if origin else {}
    async with proxied.post("/", data=LANGUAGE, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 403
        assert "set-cookie" not in answer.headers
