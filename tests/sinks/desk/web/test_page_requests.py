"""The language of the pages follows the browser, and no script, other site or network listener gets a cookie."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie

import pytest
from httpx2 import Client, Response
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.web import preferred
from satark.casework import DeskContext
from satark.store import tables
from satark_desk.settings import DeskSettings
from satark_desk.web import page_requests
from satark_desk.web.app import build
from satark_desk.web.page_text import officers_languages
from support.site_client import site_client


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "hi"),
        ("en-IN,en;q=0.9", "en"),
        ("hi-IN", "hi"),
        ("ta,en;q=0.5", "en"),
        ("ta", "hi"),
        (",;;=,*", "hi"),
        ("\x00" * 50, "hi"),
    ],
)
def test_the_browsers_language_is_used_if_it_is_supported(accepted: str, expected: str) -> None:
    assert preferred(accepted, officers_languages()) == expected


COOKIES = {value for name, value in vars(page_requests).items() if name.endswith("_COOKIE")}


def cookies_of_a_day(client: Client) -> list[Morsel[str]]:
    """Do everything for which the desk sets or deletes a cookie; return each cookie as it was sent."""
    sent: list[Morsel[str]] = []

    def note(answer: Response) -> None:
        for one in answer.headers.get_list("set-cookie"):
            sent.extend(SimpleCookie(one).values())

    client.event_hooks = {"response": [note]}
    client.get("/desk/figures")
    client.post("/desk/language", data={"language": "en"})
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "sp-1", "passphrase": "wrong"})
    for desk in ("sp", "dig"):
        client.post("/desk/sign-in", data={"desk": desk, "officer": f"{desk}-1", "passphrase": f"{desk} passphrase 1"})
    client.post("/desk/sign-out")
    return sent


@pytest.mark.slow("a whole desk")
@pytest.mark.parametrize(
    ("scheme", "public_url", "is_secure"),
    [("http", "", False), ("https", "", True), ("http", "https://tips.example", True)],
)
def test_no_script_no_other_site_and_no_plain_connection_gets_a_cookie(
    scheme: str, public_url: str, context: DeskContext, secret: str, *, is_secure: bool
) -> None:
    site = Starlette(routes=[Mount("/desk", build(context, DeskSettings(), public_url))])
    with site_client(site, f"{scheme}://desk.example", {"sec-fetch-site": "same-origin"}) as client:
        first = cookies_of_a_day(client)
        # The log's head is shown only once its six hours are over.
        context.write_now(lambda unit: unit.main.execute(update(tables.custody_head).values(band=0)))
        sent = [*first, *cookies_of_a_day(client)]
    assert {one.key for one in sent} == COOKIES
    unlike = [one for one in sent if not one["httponly"] or one["samesite"] != "strict" or one["domain"]]
    assert unlike == []
    assert {bool(one["secure"]) for one in sent} == {is_secure}
    assert {one["path"] for one in sent} == {"/desk"}
