"""The simulated Twilio refuses TwiML that Twilio would refuse."""

from __future__ import annotations

import pytest

from satark_testing.twilio.twiml import TwimlError, read_twiml


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
