"""A webhook of Twilio's becomes messages: those of its account, with the files that can be fetched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Malformed, Media, Text
from satark_sms_ivr.sms import SmsChannel
from satark_testing.twilio.api import ACCOUNT_SID

SID = "SM" + "a" * 32
MEDIA = f"Messages/MM{'b' * 32}/Media/ME{'c' * 32}"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/{MEDIA}"
Sign = Callable[..., RawRequest]


def test_ten_files_are_accepted_with_the_text_as_caption_of_the_first(sms: SmsChannel, signed: Sign) -> None:
    fields = {f"MediaUrl{n}": URL for n in range(12)} | {f"MediaContentType{n}": "image/png" for n in range(12)}
    batch = sms.parse(signed("/sms/webhook", MessageSid=SID, NumMedia="12", Body="see", **fields))
    captions = [one.event.caption for one in batch.inbound if isinstance(one.event, Media)]
    assert captions == ["see"] + [""] * 9


@pytest.mark.parametrize("fields", [{}, {"MessageSid": "../../x"}, {"MessageSid": "SM" + "a" * 99}])
def test_a_webhook_without_a_message_id_is_malformed(fields: dict[str, str], sms: SmsChannel, signed: Sign) -> None:
    with pytest.raises(Malformed):
        sms.parse(signed("/sms/webhook", **fields))


@pytest.mark.parametrize("fields", [{"AccountSid": "AC" + "6" * 32}, {"From": "whatsapp:+919876543210"}, {"From": ""}])
def test_messages_of_other_accounts_are_ignored(fields: dict[str, str], sms: SmsChannel, signed: Sign) -> None:
    batch = sms.parse(signed("/sms/webhook", MessageSid=SID, Body="Hi", **fields))
    assert not batch.inbound
    assert batch.ignored


@pytest.mark.parametrize(
    ("status", "chores"),
    [("queued", 0), ("sending", 0), ("sent", 1), ("delivered", 1), ("undelivered", 1), ("failed", 1), ("", 0)],
)
def test_sent_messages_are_redacted_once_they_are_delivered(
    status: str, chores: int, sms: SmsChannel, signed: Sign
) -> None:
    batch = sms.parse(signed("/sms/webhook/status", MessageSid=SID, MessageStatus=status))
    assert not batch.inbound
    assert len(batch.chores) == chores


@pytest.mark.parametrize("count", ["9" * 5000, "-1", "1" * 10, "²", "३"])
def test_an_invalid_number_of_files_counts_as_no_file(
    count: str, sms: SmsChannel, signed: Callable[..., RawRequest]
) -> None:
    batch = sms.parse(signed("/sms/webhook", MessageSid=SID, NumMedia=count, Body="Hi"))
    assert [one.event for one in batch.inbound] == [Text("Hi")]
