"""Virtual telephone users hear what TwiML says, and press the keys that it expects."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.processes.serving import serve
from satark_testing.twilio.api import TwilioPeer
from satark_testing.twilio.people import STARTED, STOPPED, Caller, Texter, TwimlError, code_in, read_twiml
from satark_testing.whatsapp.citizen import LostError

ASK = (
    '<Response><Gather action="{url}/next" method="POST" numDigits="2" finishOnKey="" timeout="5">'
    '<Say language="hi-IN">One or two</Say></Gather><Redirect method="POST">{url}/next</Redirect></Response>'
)
END = '<Response><Say language="hi-IN">1234 5678 9012 3456</Say><Hangup/></Response>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("code 1234 5678 9012 3456.", "1234567890123456"),
        ("1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6", "1234567890123456"),
        ("+91 98765 43210", ""),
    ],
)
def test_a_receipt_code_is_found_in_groups_and_digit_by_digit(text: str, code: str) -> None:
    assert code_in(text) == code


async def test_a_caller_hears_presses_and_hangs_up() -> None:
    pressed: list[str] = []

    async def answer(request: Request) -> Response:
        async with request.form() as form:
            pressed.append(str(form.get("Digits", "")))
        url = f"http://{request.headers['host']}"
        return Response((END if len(pressed) > 1 else ASK.format(url=url)), media_type="text/xml")

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    async with TwilioPeer() as peer, serve(app) as url:
        caller = Caller(peer, url, "+919199999999")
        assert await caller.dial() == "One or two"
        assert (caller.keys, caller.beep) == (2, False)
        with pytest.raises(LostError, match="nothing is recorded"):
            await Caller(peer, url, "+919199999998").speak(b"")
        assert code_in(await caller.press("123")) == "1234567890123456"
        assert pressed == ["", "12"]
        assert not caller.on_the_line
        with pytest.raises(LostError, match="no keys are waited for"):
            await caller.press("1")


@pytest.mark.slow("half a second of a processor")
async def test_twilio_itself_answers_stop_and_start() -> None:
    async def answer(request: Request) -> Response:
        return Response("<Response><Message>heard</Message></Response>", media_type="text/xml")

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    async with TwilioPeer() as peer, serve(app) as url:
        texter = Texter(peer, url, "+919199999999")
        assert await texter.say("Hi") == ["heard"]
        assert await texter.say("stop") == [STOPPED]
        assert await texter.say("Hi") == []
        assert await texter.say("START") == [STARTED, "heard"]


@pytest.mark.parametrize(
    "document",
    [
        b"<Response><Say>no language</Say></Response>",
        b'<Response><Say language="hi">x</Say></Response>',
        b"<Response><Gather><Record/></Gather></Response>",
        b"<Response><Dial>+1</Dial></Response>",
        b'<Response><Pause seconds="1"/></Response>',
        b'<Response><Pause length="0"/></Response>',
        b'<Response><Gather method="PUT"/></Response>',
        b'<Response><Record maxLength="forever"/></Response>',
        b'<Response><Record action="/relative"/></Response>',
        b'<Response><Gather finishOnKey="#*"/></Response>',
        b"<Response><Hangup/><Pause/></Response>",
        b"<Response>" + b" " * 65536 + b"</Response>",
        b"<Response><Message><Body></Body></Message></Response>",
        b"<Say/>",
        b"",
    ],
)
def test_the_simulated_twilio_refuses_invalid_twiml(document: bytes) -> None:
    with pytest.raises(TwimlError):
        read_twiml(document)
