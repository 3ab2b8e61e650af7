"""Calls to Twilio give the right send result, and files are downloaded and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from satark.api.channel import MediaGone
from satark.api.inbound import Address, MediaRef
from satark.api.outbound import Accepted, Blocked, Call, Misconfigured, Permanent, SendResult, Throttled, Transient
from satark.api.prompt import Prompt
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio import TwilioSms, TwilioVoice
from satark_sms_ivr.twilio_api import TwilioNumber
from satark_testing.processes.serving import serve
from satark_testing.twilio.api import ACCOUNT_SID, NUMBER, File, TwilioMessage, TwilioPeer
from support.peers.strangers import stranger

pytestmark = pytest.mark.slow("a provider's server")

ACCOUNT = f"sms:{NUMBER}"
PHONE = "+919876543210"


@pytest.fixture
async def live(settings: TwilioSettings, twilio: Any) -> AsyncIterator[SmsChannel]:
    """Return an open channel that calls the simulated Twilio."""
    channel = SmsChannel(TwilioSms(settings.model_copy(update={"api_url": twilio.url}), "https://satark.example"))
    await channel.open()
    yield channel
    await channel.close()


def message_call(sms: SmsChannel) -> Call:
    return next(iter(sms.notice(Prompt(text="आपके लिए संदेश है।", language="hi"), ACCOUNT, Address(PHONE))))


async def test_a_text_arrives_as_written(live: SmsChannel, twilio: Any) -> None:
    assert await live.send(message_call(live), "0") == Accepted()
    assert [(message.to, message.body) for message in twilio.peer.sent] == [(PHONE, "आपके लिए संदेश है।")]


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (429, 20429, Throttled(7, "account")),
        (500, 20500, Transient("20500")),
        (503, 0, Transient("http-503")),
        (401, 20003, Misconfigured("20003")),
        (403, 0, Misconfigured("http-403")),
        (400, 21610, Blocked()),
        (400, 21614, Permanent("21614")),
        (409, 20009, Transient("20009")),
    ],
)
async def test_each_error_has_its_result(
    status: int, code: int, result: SendResult, live: SmsChannel, twilio: Any
) -> None:
    twilio.peer.fail_next(status, code, {"retry-after": "7"})
    assert await live.send(message_call(live), "0") == result


async def test_a_response_that_is_not_json_is_classified_by_its_status(live: SmsChannel, twilio: Any) -> None:
    twilio.peer.faults.answer_next(Response("<html>", 502))
    assert await live.send(message_call(live), "0") == Transient("http-502")


async def test_a_message_is_redacted_at_once_and_deleted_once_it_has_arrived(live: SmsChannel, twilio: Any) -> None:
    await live.send(message_call(live), "0")
    (message,) = twilio.peer.sent
    deletion = Call(account=ACCOUNT, method="delete", body=message.sid.encode())
    message.under_way = True
    assert await live.send(deletion, "1") == Throttled(15 * 60)
    assert (message.body, message.sid in twilio.peer.messages) == ("", True)
    message.under_way = False
    assert await live.send(deletion, "1") == Accepted()
    assert message.sid not in twilio.peer.messages
    assert await live.send(deletion, "1") == Accepted(), "it is gone already"
    assert await live.send(Call(account=ACCOUNT, method="fly", body=b""), "3") == Permanent("method")


async def test_a_message_with_files_stays_until_they_are_fetched_and_deleted(live: SmsChannel, twilio: Any) -> None:
    sid = "MM" + "b" * 32
    twilio.peer.messages[sid] = message = TwilioMessage(sid, NUMBER, "see")
    path = twilio.peer.add_media(sid, b"picture", "image/png").rpartition(f"{ACCOUNT_SID}/")[2]
    deletion = Call(account=ACCOUNT, method="delete-empty", body=sid.encode())
    assert await live.send(deletion, "1") == Throttled(15 * 60)
    assert (message.body, await read(live, path)) == ("", b"picture")
    twilio.peer.faults.answer_next(Response("<html>"), on="files")
    await live.discard(MediaRef(account=ACCOUNT, id=path))
    assert await live.send(deletion, "1") == Throttled(15 * 60), "Twilio does not say"
    assert await live.send(deletion, "1") == Accepted()
    assert await live.send(deletion, "1") == Accepted(), "it is gone already"
    assert sid not in twilio.peer.messages


async def test_the_record_of_a_call_is_deleted_and_no_recording(settings: TwilioSettings, twilio: Any) -> None:
    voice = TwilioVoice(settings.model_copy(update={"api_url": twilio.url}), "https://satark.example")
    await voice.open()
    sid, deletion = "CA" + "a" * 32, Call(account=voice.account, method="delete", body=b"CA" + b"a" * 32)
    recording, twilio.peer.calls[sid] = twilio.peer.add_recording(b"sound"), True
    assert await voice.send(deletion) == Throttled(15 * 60)
    twilio.peer.calls[sid] = False
    assert await voice.send(deletion) == Accepted()
    assert twilio.peer.deleted == {f"Calls/{sid}"}
    assert f"Recordings/{recording}" in twilio.peer.files
    await voice.close()


async def test_an_unreachable_provider_is_transient(settings: TwilioSettings) -> None:
    channel = SmsChannel(TwilioSms(settings.model_copy(update={"api_url": "http://127.0.0.1:9"}), "https://x.example"))
    await channel.open()
    assert await channel.send(message_call(channel), "0") == Transient("network")
    await channel.discard(MediaRef(account=ACCOUNT, id="Messages/x/Media/y"))
    with pytest.raises(ConnectionError):
        await read(channel, "Messages/x/Media/y")
    await channel.close()


async def test_a_call_before_opening_raises(settings: TwilioSettings) -> None:
    with pytest.raises(RuntimeError):
        await TwilioSms(settings, "https://x.example").call("DELETE", "x")


async def read(channel: SmsChannel, path: str) -> bytes:
    async with channel.fetch(MediaRef(account=ACCOUNT, id=path)) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_file_is_fetched_when_it_is_ready_and_deleted(live: SmsChannel, twilio: Any) -> None:
    twilio.peer.files["Recordings/RE1"] = File(b"sound", "audio/wav", missing=1)
    with pytest.raises(ConnectionError, match="404"):
        await read(live, "Recordings/RE1.wav")
    assert await read(live, "Recordings/RE1.wav") == b"sound"
    await live.discard(MediaRef(account=ACCOUNT, id="Recordings/RE1"))
    assert twilio.peer.deleted == {"Recordings/RE1"}


async def test_a_deleted_file_is_gone(live: SmsChannel, twilio: Any) -> None:
    twilio.peer.fail_next(410)
    with pytest.raises(MediaGone):
        await read(live, "Recordings/RE1.wav")


async def test_a_file_that_is_too_large_is_refused(settings: TwilioSettings, twilio: Any) -> None:
    small = settings.model_copy(update={"api_url": twilio.url, "media_max_bytes": 4})
    channel = SmsChannel(TwilioSms(small, "https://satark.example"))
    await channel.open()
    twilio.peer.files["Recordings/RE1"] = File(b"sound", "audio/wav")
    with pytest.raises(MediaGone):
        await read(channel, "Recordings/RE1.wav")
    await channel.close()


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "http://mms.twiliocdn.com/x", "https://u@mms.twiliocdn.com/", "//evil"]
)
async def test_a_redirect_to_an_unknown_host_is_refused(target: str, live: SmsChannel, twilio: Any) -> None:
    twilio.peer.files["Recordings/RE1"] = File(b"sound", "audio/wav", redirect=target)
    with pytest.raises(PermissionError):
        await read(live, "Recordings/RE1.wav")


async def test_a_redirect_loop_is_refused(live: SmsChannel, twilio: Any) -> None:
    twilio.peer.files["Recordings/RE1"] = File(b"sound", "audio/wav", redirect="RE1.wav")
    with pytest.raises(ConnectionError, match="too many redirects"):
        await read(live, "Recordings/RE1.wav")


async def test_credentials_are_sent_only_to_the_api(settings: TwilioSettings, twilio: Any) -> None:
    """The simulated Twilio refuses requests without credentials, so another host answers 401."""
    other = TwilioPeer()
    async with other, serve(other.app) as elsewhere:
        path = f"/2010-04-01/Accounts/{other.account_sid}/Recordings/RE2.wav"
        other.files["Recordings/RE2"] = File(b"sound", "audio/wav")
        twilio.peer.files["Recordings/RE1"] = File(b"", "audio/wav", redirect=elsewhere + path)
        api = TwilioSms(settings.model_copy(update={"api_url": twilio.url}), "https://x.example")
        api._allowed_url = lambda url: url  # type: ignore[method-assign]
        await api.open()
        with pytest.raises(ConnectionError, match="401"):
            async with api.download("Recordings/RE1.wav"):
                pass
        await api.close()


async def test_a_server_with_an_untrusted_certificate_gets_no_password_and_no_number(
    settings: TwilioSettings, tmp_path: Path
) -> None:
    async with stranger(tmp_path) as other:
        api = TwilioSms(settings.model_copy(update={"api_url": other.url}), "https://x.example")
        await api.open()
        assert await api.call("POST", "Messages.json", b"To=%2B91") == Transient("network")
        await api.close()
    assert other.heard == []


@pytest.fixture(params=[TwilioSms, TwilioVoice])
def number(request: pytest.FixtureRequest, settings: TwilioSettings, twilio: Any) -> TwilioNumber:
    """Return each provider in turn, not open, of a number whose addresses are entered."""
    twilio.peer.configure("https://satark.example")
    made: TwilioNumber = request.param(settings.model_copy(update={"api_url": twilio.url}), "https://satark.example/")
    return made


async def test_a_number_with_our_addresses_has_no_fault(number: TwilioNumber, twilio: Any) -> None:
    assert list(await number.find_faults()) == []
    assert twilio.peer.addresses["sms_url"].endswith("#rc=5&rp=all")


@pytest.mark.parametrize("what", ["url", "fallback_url", "application_sid"])
async def test_another_address_of_the_number_is_a_fault(what: str, number: TwilioNumber, twilio: Any) -> None:
    kind = "sms" if isinstance(number, TwilioSms) else "voice"
    value = "AP" + "7" * 32 if what == "application_sid" else "https://satark.example.thief.example/t"
    twilio.peer.addresses[f"{kind}_{what}"] = value
    (fault,) = await number.find_faults()
    assert "change the auth token" in fault
    assert "thief" not in fault


@pytest.mark.parametrize("what", ["trunk_sid", "status_callback"])
async def test_a_trunk_or_reports_of_calls_elsewhere_are_a_fault(
    what: str, settings: TwilioSettings, twilio: Any
) -> None:
    twilio.peer.configure("https://satark.example")
    twilio.peer.addresses[what] = "https://thief.example/t"
    voice = TwilioVoice(settings.model_copy(update={"api_url": twilio.url}), "https://satark.example")
    assert len(await voice.find_faults()) == 1


async def test_a_twilio_that_refuses_or_does_not_answer_is_a_fault(number: TwilioNumber, twilio: Any) -> None:
    twilio.peer.fail_next(401, 20003)
    assert "(code 20003)" in (await number.find_faults())[0]
    twilio.peer.number = "+15550100199"
    assert "shows no such number (code http-200)" in (await number.find_faults())[0]
    number._base = number._base.with_port(9)
    assert "can't be reached" in (await number.find_faults())[0]
