"""Channels over a simulated Twilio, and a real Satark that it calls."""

from __future__ import annotations

import secrets
import wave
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome, RawRequest
from satark.dialogue.engine import Engine
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio import TwilioSms, TwilioVoice
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.dialogue.chat import Chat
from satark_testing.installation import Installation
from satark_testing.processes.serving import serve
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer
from satark_testing.twilio.people import read_twiml
from support.twilio_installation import twilio_installation

PUBLIC = "https://satark.example"


class ServedTwilio(NamedTuple):
    """A simulated Twilio that is being served."""

    peer: TwilioPeer
    url: str


class TwilioService(NamedTuple):
    """A running service that the simulated Twilio calls."""

    peer: TwilioPeer
    installation: Installation
    phone: str
    """A number that has never written or called."""

    @property
    def url(self) -> str:
        """The service's address."""
        return self.installation.service.url


@pytest.fixture
def settings() -> TwilioSettings:
    """Return the settings of the simulated account."""
    return TwilioSettings.model_validate({"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "number": NUMBER})


@pytest.fixture
def sms(settings: TwilioSettings) -> SmsChannel:
    """Return a channel that is not connected."""
    return SmsChannel(TwilioSms(settings, PUBLIC))


@pytest.fixture
def voice(settings: TwilioSettings) -> VoiceChannel:
    """Return a channel that is not connected."""
    return VoiceChannel(TwilioVoice(settings, PUBLIC), CallSettings(), PUBLIC)


@pytest.fixture
def signed() -> Callable[..., RawRequest]:
    """Return the function that makes a signed webhook of a path (with query) and fields."""
    peer = TwilioPeer()

    def sign(path: str, **fields: str) -> RawRequest:
        form = {"AccountSid": ACCOUNT_SID, "From": "+919876543210", "To": NUMBER, **fields}
        bare_path, _, query = path.partition("?")
        headers = {"x-twilio-signature": peer.sign(PUBLIC + path, form)}
        return RawRequest(method="POST", path=bare_path, query=query, headers=headers, body=urlencode(form).encode())

    return sign


class ScriptedCall:
    """A call to the channel and an engine, without a server; `chat` is its conversation, `document` the last TwiML."""

    def __init__(self, engine: Engine, channel: VoiceChannel, number: str) -> None:
        self.chat = Chat(engine, "voice")
        self._channel = channel
        self._number = number
        self._next = PUBLIC + "/voice/webhook"
        self.document = self._ask()

    @property
    def question(self) -> str:
        """The lines of the last answer."""
        return "\n".join("".join(verb.itertext()).strip() for verb in self.document.iter("Say"))

    def dial_again(self) -> ScriptedCall:
        """Call once more from the same number."""
        self._next = PUBLIC + "/voice/webhook"
        self.document = self._ask()
        return self

    def press(self, *keys: str) -> ScriptedCall:
        """Press a key at each of the next questions."""
        for key in keys:
            self._next = self._verb("Gather").attrib["action"]
            self.document = self._ask(Digits=key)
        return self

    def speak(self, seconds: int = 4, key: str = "#") -> ScriptedCall:
        """Speak after the beep, and end with a key."""
        self._next = self._verb("Record").attrib["action"]
        recording = {"RecordingSid": "RE" + f"{len(self.chat.turns):032}", "RecordingDuration": str(seconds)}
        self.document = self._ask(**recording, Digits=key)
        return self

    def stay_silent(self) -> ScriptedCall:
        """Press no key."""
        self._next = "".join(self._verb("Redirect").itertext()).strip()
        self.document = self._ask()
        return self

    def interrupt(self, key: str) -> ScriptedCall:
        """Press a key while the first lines are being said."""
        self._next = self.document[0].attrib["action"]
        self.document = self._ask(Digits=key)
        return self

    def _verb(self, name: str) -> ET.Element:
        found = self.document.findall(name)
        assert found, f"no {name}: {self.question}"
        return found[-1]

    def _ask(self, **fields: str) -> ET.Element:
        path, _, query = self._next.removeprefix(PUBLIC).partition("?")
        form = {"AccountSid": ACCOUNT_SID, "From": self._number, "CallSid": "CA" + "a" * 32, **fields}
        raw = RawRequest(method="POST", path=path, query=query, headers={}, body=urlencode(form).encode())
        for inbound in self._channel.parse(raw).inbound:
            if self.chat.session is not None:
                self.chat.session = replace(self.chat.session, reachable=False)
            self.chat.hear(inbound.event)
        prompt = fit_to_keypad(self.chat.prompt)
        return read_twiml(self._channel.reply(raw, Outcome(prompts=(prompt,))).body)


@pytest.fixture
def dial(settings: TwilioSettings) -> Callable[..., ScriptedCall]:
    """Return the function that calls a service with an engine, from a number, and with changed settings of calls."""

    def call(engine: Engine, number: str = "+919876543210", **changed: object) -> ScriptedCall:
        calls = CallSettings().model_copy(update=changed)
        return ScriptedCall(engine, VoiceChannel(TwilioVoice(settings, PUBLIC), calls, PUBLIC), number)

    return call


@pytest.fixture
async def twilio() -> AsyncIterator[ServedTwilio]:
    """Serve a simulated Twilio."""
    peer = TwilioPeer()
    async with peer, serve(peer.app) as url:
        yield ServedTwilio(peer, url)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwilioService]:
    """Start a service that a simulated Twilio calls, for all tests of a module."""
    peer = TwilioPeer()
    async with (
        peer,
        serve(peer.app) as url,
        twilio_installation(peer, url, tmp_path_factory.mktemp("service"), {}) as installation,
    ):
        yield TwilioService(peer, installation, "")


@pytest.fixture
async def service(running: TwilioService) -> TwilioService:
    """A running service that shows nothing of earlier tests."""
    await running.installation.begin()
    running.peer.sent.clear()
    return running._replace(phone=f"+9198{secrets.randbelow(10**8):08}")


@pytest.fixture(scope="session")
def recording() -> bytes:
    """Return a spoken answer: half a second of a sawtooth, as WAV."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(((n * 97) % 9000).to_bytes(2, "little") for n in range(4000)))
    return file.getvalue()
