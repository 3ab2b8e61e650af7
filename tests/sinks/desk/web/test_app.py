"""Rules for every page: its headers, and the origin of its forms."""

from __future__ import annotations

from collections.abc import Callable

from httpx2 import Client
from starlette.applications import Starlette

from support.site_client import site_client

Browser = Callable[..., Client]


def test_a_cross_site_form_is_refused(browser: Browser) -> None:
    client = browser("sp")
    headers = {"sec-fetch-site": "cross-site"}
    assert client.post("/desk/sign-out", headers=headers).status_code == 403
    assert client.get("/desk/", follow_redirects=False).status_code == 200


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


def test_over_https_every_page_tells_the_browser_to_use_only_https(site: Starlette, browser: Browser) -> None:
    assert "strict-transport-security" not in browser().get("/desk/sign-in").headers
    with site_client(site, "https://desk.example") as client:
        for path in ("/desk/", "/desk/sign-in", "/desk/static/desk.css", "/desk/nothing"):
            assert client.get(path).headers["strict-transport-security"].startswith("max-age=63072000")
