"""A TwiML document is XML, whatever text is pasted into it."""

from __future__ import annotations

from satark_sms_ivr import twiml
from satark_testing.twilio.people import read_twiml, said


def test_characters_that_xml_does_not_allow_become_spaces() -> None:
    document = twiml.document()
    twiml.add(document, "Message", "Which shop?\x0bThe one by the mill?\x00 & <why>\U0001f512")
    answer = twiml.response(document)
    assert answer.media_type.startswith("application/xml")
    assert said(next(read_twiml(answer.body).iter("Message"))) == "Which shop? The one by the mill?  & <why>\U0001f512"


def test_the_body_is_empty_if_twilio_expects_no_document() -> None:
    assert twiml.response().body == b""
