"""A browser without JavaScript reads pages, follows links, fills in forms and keeps cookies."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from satark_testing.browser import Browser
from satark_testing.dialogue.walking import LostError, Photo
from satark_testing.processes.serving import serve

START = """<title>hidden</title><p>One   <b>story</b></p><script>hidden</script><a href="/next">On</a>
<form action="/take"><label for=a>Words</label><input id=a name=words value=old>
<label><input type=radio name=pick value=1 checked> first</label>
<label><input type=radio name=pick value=2> other</label>
<input type=checkbox name=box><textarea name=more>text
</textarea><button name=do value=send>Send it</button></form>"""


async def start(request: Request) -> Response:
    response = HTMLResponse(START)
    response.set_cookie("visit", "1")
    return response


async def take(request: Request) -> Response:
    async with request.form() as form:
        shown = [f"{name}={value if isinstance(value, str) else value.filename}" for name, value in form.multi_items()]
    origin, cookie = request.headers["origin"], request.cookies["visit"]
    return HTMLResponse(f"<p>{' '.join(shown)} {origin} visit={cookie}</p>", 201)


APP = Starlette(routes=[Route("/", start), Route("/next", start), Route("/take", take, methods=["POST"])])


async def test_a_form_is_sent_with_its_default_and_filled_in_values() -> None:
    async with serve(APP) as url, Browser(url) as browser:
        page = await browser.open("/")
        assert page.text.startswith("One story")
        assert "hidden" not in page.text
        assert page.forms[0].controls[0].label == "Words"
        answer = await browser.press("Send it", {"words": "new"}, [Photo(b"x")])
        assert answer.status == 201
        assert answer.text.startswith("pick=1 more=text words=new do=send files=IMG-20261124-WA0042.bin")
        assert answer.text.endswith(f"{url} visit=1")
        assert browser.cookies == {"visit": "1"}


async def test_a_missing_link_or_button_raises_an_error() -> None:
    async with serve(APP) as url, Browser(url) as browser:
        await browser.open("/")
        await browser.follow("On")
        assert browser.path == "/next"
        with pytest.raises(LostError, match="no link 'Off'"):
            await browser.follow("Off")
        with pytest.raises(LostError, match="no button 'Off'"):
            await browser.press("Off")
