"""The calls of the Exotel example keep the contract, and a complete tip can be sent by keys and voice."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from satark.api.channel import Channel, Outcome, RawRequest
from satark.api.inbound import Address, CompleteTip, Media, MediaRef, Tap, Text
from satark.api.prompt import Prompt, command_token
from satark.api.settings import SettingsError
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_exotel import plugin
from satark_sms_ivr import plugin as sms_ivr
from satark_testing.contracts.channel import ChannelCase, Peer, Reply, check_channel
from satark_testing.contracts.plugin import Plugins
from satark_testing.dialogue.chat import RECEIPT, Chat
from satark_words.geography.geography import Geography

PHONE = "09876543210"
SECRET = "a-path-that-nobody-guesses"
PUBLIC = "https://tips.example.in"
RECORDINGS = "https://recordings.exotel.com"
SOUND = bytes(range(256)) * 300
ACCOUNT = "voice:+911140001000"
RECORDING = "/exotelrecordings/police1/5fa165.mp3"
SPOKEN = Media(MediaRef(account=ACCOUNT, id=RECORDING, mime="audio/mpeg"), "voice")
SOURCE = default_flow()
SETTINGS = {
    "SATARK_PUBLIC_URL": PUBLIC,
    "SATARK_EXOTEL__SID": "police1",
    "SATARK_EXOTEL__NUMBER": "+911140001000",
    "SATARK_EXOTEL__API_KEY": "the-api-key",
    "SATARK_EXOTEL__API_TOKEN": "the-token",
    "SATARK_EXOTEL__PATH_SECRET": SECRET,
    "SATARK_EXOTEL__CALLS": "true",
}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def channel(recordings: str = RECORDINGS) -> Channel:
    """Return the channel that the plugin `sms_ivr` makes of the provider."""
    plugins = Plugins()
    plugins.register(sms_ivr, "sms_ivr")
    plugins.register(plugin, "exotel")
    os.environ["SATARK_EXOTEL__RECORDINGS"] = recordings
    try:
        return next(made for made in load_channels(Settings(), plugins) if made.name == "voice")
    finally:
        del os.environ["SATARK_EXOTEL__RECORDINGS"]


def request(step: str, state: str = "", method: str = "POST", **fields: str) -> RawRequest:
    form = urlencode({"CallSid": "5fa165", "CallFrom": PHONE, "CallTo": "01140001000", **fields})
    path = f"/voice/exotel/{step}/{SECRET}"
    if method == "GET":
        return RawRequest(method=method, path=path, query="&".join(filter(None, [state, form])))
    return RawRequest(method=method, path=path, query=state, body=form.encode())


def document(raw: RawRequest, *prompts: Prompt, made: Channel | None = None) -> ET.Element:
    return ET.fromstring((made or channel()).reply(raw, Outcome(prompts=prompts)).body)  # noqa: S314 - it is our own


@pytest.mark.slow("a third of a second of a processor")
async def test_the_channel_keeps_the_contract_by_get_and_post_with_a_secret_path() -> None:
    recorded = {"RecordingUrl": RECORDINGS + RECORDING, "RecordingDuration": "4"}
    await check_channel(
        ChannelCase(
            channel=channel(),
            to=Address("5fa165"),
            genuine=[
                request("start"),
                request("keys", "n=1&e=more", DigitsPressed="1"),
                request("keys", "n=2", "GET", digits='"12"'),
                request("record", "n=3", **recorded),
            ],
            identifiers=(PHONE, "9876543210"),
            texts=(RECORDING,),
            peer=Peer(
                channel=channel,
                read=lambda _: None,
                answer=lambda received: Reply(200, SOUND),
                gone=Reply(410),
                files=[(MediaRef(account=ACCOUNT, id=RECORDING, mime="audio/mpeg"), SOUND)],
                files_public=False,
                silent=True,
                secrets=("the-api-key", "the-token", SECRET),
            ),
            covers_body=False,
            proven_by="path",
        )
    )


@pytest.mark.parametrize(
    ("raw", "event", "key"),
    [
        (request("start"), Tap(command_token("restart")), "0:0"),
        (request("start", method="GET"), Tap(command_token("restart")), "0:0"),
        (request("keys", "n=2&p=1", DigitsPressed="3"), Text("10"), "2:0"),
        (request("keys", "n=2&e=skip", "GET", digits='"8"'), Tap(command_token("skip")), "2:0"),
        (request("keys", "n=2&s=1"), Tap(command_token("repeat")), "2:1"),
        (request("record", "n=4", RecordingUrl=RECORDINGS + RECORDING, RecordingDuration="4"), SPOKEN, "4:0"),
        (request("record", "n=4&m=1", RecordingUrl=RECORDINGS + RECORDING), CompleteTip(SPOKEN, last=True), "4:0"),
    ],
)
def test_each_request_of_a_call_becomes_an_event(raw: RawRequest, event: object, key: str) -> None:
    (inbound,) = channel().parse(raw).inbound
    assert (inbound.event, inbound.event_key) == (event, f"5fa165:{key}")
    assert inbound.senders == (Address("5fa165"),)


@pytest.mark.parametrize(
    "url",
    ["https://elsewhere.example/a.mp3", RECORDINGS + ".evil.example/a.mp3", RECORDINGS + "/../a.mp3", "", "/a.mp3"],
)
def test_a_recording_at_another_host_is_not_fetched(url: str) -> None:
    (inbound,) = channel().parse(request("record", "n=4", RecordingUrl=url)).inbound
    assert inbound.event == Tap(command_token("repeat"))


def test_a_line_is_spoken_in_its_language_and_a_code_digit_by_digit() -> None:
    receipt = Prompt(text="Tip 4K7Q-2XPM.\n8391 4460 1234 5678\nधन्यवाद", language="en", must_arrive=True)
    said = list(document(request("keys", "n=6", DigitsPressed="1"), receipt).iter("Say"))
    assert [(line.get("language"), "".join(line.itertext())) for line in said[:3]] == [
        ("en", "Tip 4, K, 7, Q, 2, X, P, M."), ("en", "8, 3, 9, 1"), ("en", "4, 4, 6, 0"),
    ]  # fmt: skip
    assert [pause.get("time") for pause in said[1]] == ["1s"]
    assert "hi" in {line.get("language") for line in said}


def test_a_missing_public_address_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SATARK_PUBLIC_URL")
    with pytest.raises(SettingsError, match="SATARK_PUBLIC_URL"):
        channel()


def test_two_call_providers_are_refused() -> None:
    offered = plugin.satark_call_providers(Settings())
    with pytest.raises(SettingsError, match="more than one call provider"):
        sms_ivr.satark_channels(Settings(), [], [*offered, *offered])


class ScriptedCall:
    """A call that connects the channel to an engine. Keys go to the address that the document names."""

    def __init__(self) -> None:
        self.chat = Chat(Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample()), "voice")
        self._channel = channel()
        self.document = self._ask(request("start"))

    def press(self, *keys: str) -> ScriptedCall:
        """Press a key at each of the next questions."""
        for key in keys:
            self.document = self._ask(self._next("Gather", DigitsPressed=key))
        return self

    def speak(self) -> ScriptedCall:
        """Speak after the beep."""
        recorded = {"RecordingUrl": RECORDINGS + RECORDING, "RecordingDuration": "4"}
        self.document = self._ask(self._next("Record", **recorded))
        return self

    def _next(self, verb: str, **fields: str) -> RawRequest:
        *_, found = self.document.iter(verb)  # what is heard to its end comes before the question
        url = urlsplit(found.attrib["action"])
        assert url.path.endswith(SECRET)
        return request(url.path.split("/")[-2], url.query, **fields)

    def _ask(self, raw: RawRequest) -> ET.Element:
        (inbound,) = self._channel.parse(raw).inbound
        if self.chat.session is not None:
            self.chat.session = replace(self.chat.session, reachable=False)
        self.chat.hear(inbound.event)
        prompt = sms_ivr.satark_render(self.chat.prompt, self._channel.capabilities, "") or self.chat.prompt
        return document(raw, prompt, made=self._channel)


def test_an_unneeded_recording_stays_at_a_provider_without_a_delete_call() -> None:
    said_nothing = {"RecordingUrl": RECORDINGS + RECORDING, "RecordingDuration": "2", "DigitsPressed": "0"}
    batch = channel().parse(request("record", "n=4&z=unknown", **said_nothing))
    assert [inbound.event for inbound in batch.inbound] == [Tap(command_token("unknown"))]
    assert not batch.chores


def test_a_tip_by_keys_and_voice_ends_with_its_receipt_code() -> None:
    call = ScriptedCall()
    first = next(call.document.iter("Say"))
    assert "112" in "".join(first.itertext()).replace(" ", ""), "112 comes before anything"
    answers: dict[str, Callable[[], object]] = {"what": call.speak, "place": call.speak}
    call.press("2", "2")
    while call.chat.step != "review":
        answers.get(call.chat.step, lambda: call.press("0"))()
    call.press("1")
    assert call.chat.submission is not None
    digits = ", ".join(RECEIPT.grouped.split()[0])
    assert digits in ["".join(line.itertext()) for line in call.document.iter("Say")]
    assert call.document[-1].tag == "Hangup"
