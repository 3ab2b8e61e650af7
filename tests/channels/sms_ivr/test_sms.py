"""Text messages become the right events, and prompts the right replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, CompleteTip, Event, Media, MediaRef, Tap, Text, Unsupported
from satark.api.prompt import NEXT_PAGE, Prompt
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_sms_ivr.segments import count_segments
from satark_sms_ivr.sms import SmsChannel
from satark_testing.twilio.api import ACCOUNT_SID, NUMBER
from satark_testing.twilio.people import read_twiml, said
from satark_words.geography.geography import Geography

SID = "SM" + "a" * 32
MEDIA = f"Messages/MM{'b' * 32}/Media/ME{'c' * 32}"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/{MEDIA}"
ACCOUNT = f"sms:{NUMBER}"

Sign = Callable[..., RawRequest]


def picture(url: str, mime: str = "image/jpeg", **more: str) -> dict[str, str]:
    return {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": mime, **more}


def complete_tip(word: str, words: str) -> CompleteTip:
    return CompleteTip(Text(words.strip()), typed=Text(word + words))


def ref(mime: str) -> MediaRef:
    return MediaRef(account=ACCOUNT, id=MEDIA, mime=mime)


@pytest.mark.parametrize(
    ("fields", "events"),
    [
        ({"Body": "Hi"}, [Text("Hi")]),
        ({"Body": "  नमस्ते \n"}, [Text("  नमस्ते \n")]),
        ({"Body": ""}, [Text("")]),
        ({"Body": "M"}, [Tap(NEXT_PAGE)]),
        ({"Body": " m "}, [Tap(NEXT_PAGE)]),
        ({"Body": "TIP they sell arms"}, [complete_tip("TIP", " they sell arms")]),
        ({"Body": "tip: they sell\narms"}, [complete_tip("tip:", " they sell\narms")]),
        ({"Body": "सूचना हथियार बिकते हैं"}, [complete_tip("सूचना", " हथियार बिकते हैं")]),
        ({"Body": "Tip"}, [Text("hi")]),
        ({"Body": "tipper trucks at night"}, [Text("tipper trucks at night")]),
        ({"Body": "STOP"}, [Text("forget me")]),
        ({"Body": " Stopall "}, [Text("forget me")]),
        ({"Body": "stop the sand mafia"}, [Text("stop the sand mafia")]),
        ({"Body": "बंद", "OptOutType": "STOP"}, [Text("forget me")]),
        ({"Body": "START", "OptOutType": "START"}, [Text("hi")]),
        ({"Body": "HELP", "OptOutType": "HELP"}, []),
        ({"Body": "HELP"}, [Text("HELP")]),
        (picture(URL, Body="see"), [Media(ref("image/jpeg"), "image", "see")]),
        (picture(URL, "audio/amr"), [Media(ref("audio/amr"), "audio")]),
        (picture(URL, "video/3gpp"), [Media(ref("video/3gpp"), "video")]),
        (picture(URL, "text/vcard"), [Media(ref("text/vcard"), "document")]),
        (picture(URL.replace("api.twilio.com", "evil.example")), [Unsupported("media")]),
        (picture(URL.replace("api.twilio.com", "api.twilio.com@evil.example")), [Unsupported("media")]),
        (picture(URL.replace(ACCOUNT_SID, "AC" + "6" * 32)), [Unsupported("media")]),
        (picture(URL + "/../../x", Body="see"), [Unsupported("media"), Text("see")]),
        (picture("https://[evil/x"), [Unsupported("media")]),
        ({"NumMedia": "1"}, [Unsupported("media")]),
        ({"NumMedia": "many", "Body": "Hi"}, [Text("Hi")]),
    ],
)
def test_a_message_becomes_events(fields: dict[str, str], events: list[Event], sms: SmsChannel, signed: Sign) -> None:
    raw = signed("/sms/webhook", MessageSid=SID, **fields)
    batch = sms.parse(raw)
    assert [one.event for one in batch.inbound] == events
    assert [one.event_key for one in batch.inbound] == [f"{SID}:{n}" for n in range(len(events))]
    assert {one.senders for one in batch.inbound} <= {(Address("+919876543210"),)}
    kept = any(isinstance(event, Media) for event in events)
    assert [(call.method, call.body) for call in batch.chores] == [("delete-empty" if kept else "delete", SID.encode())]


def texts_of(sms: SmsChannel, raw: RawRequest, *prompts: Prompt) -> list[str]:
    answer = sms.reply(raw, Outcome(prompts=prompts))
    assert answer.media_type.startswith("application/xml")
    return [said(message) for message in read_twiml(answer.body).iter("Message")]


def test_the_reply_holds_the_newest_question_and_prompts_that_must_arrive(sms: SmsChannel, signed: Sign) -> None:
    raw = signed("/sms/webhook", MessageSid=SID, Body="Hi")
    old, important, new = (
        Prompt(text=text, language="en", must_arrive=text == "important") for text in ("old", "important", "<new> & ")
    )
    assert texts_of(sms, raw, old, important, new) == ["important", "<new> &"]
    assert texts_of(sms, raw) == []


def test_characters_that_xml_does_not_allow_are_replaced(sms: SmsChannel, signed: Sign) -> None:
    raw = signed("/sms/webhook", MessageSid=SID, Body="Hi")
    assert texts_of(sms, raw, Prompt(text="one\fpage\x0bbreak\x1b", language="en")) == ["one page break"]


@pytest.mark.parametrize("fields", [{"Body": "STOP"}, {"Body": "x", "OptOutType": "STOP"}, {"OptOutType": "HELP"}])
def test_no_reply_is_sent_if_the_provider_itself_replies(fields: dict[str, str], sms: SmsChannel, signed: Sign) -> None:
    raw = signed("/sms/webhook", MessageSid=SID, **fields)
    assert texts_of(sms, raw, Prompt(text="erased", language="en")) == []


def test_the_notice_while_the_database_is_down_has_at_most_three_segments(sms: SmsChannel, signed: Sign) -> None:
    source = default_flow()
    engine = Engine(load_flow(source, {}, {}), source.catalogues, Geography.sample())
    raw = signed("/sms/webhook", MessageSid=SID, Body="Hi")
    for prompt in (engine.spooled_notice(), engine.unavailable_notice()):
        (text,) = texts_of(sms, raw, prompt)
        assert count_segments(text) <= 3
        assert text.count("112") == 2


def test_a_text_outside_a_reply_is_one_call_per_page(sms: SmsChannel) -> None:
    prompt = Prompt(text="क" * 300, language="hi")
    calls = [*sms.render(prompt, ACCOUNT, Address("+91")), *sms.notice(prompt, ACCOUNT, Address("+91"))]
    assert len(calls) == 4
    assert {call.method for call in calls} == {"messages"}
    assert not any("+91" in repr(call) for call in calls)


def test_the_repr_of_a_batch_hides_content(sms: SmsChannel, signed: Sign) -> None:
    raw: Any = signed("/sms/webhook", MessageSid=SID, Body="secret words")
    assert "secret" not in repr(sms.parse(raw)) + repr(raw)
