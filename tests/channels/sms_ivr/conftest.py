"""Channels over a pretended Twilio, and a real Satark that it calls."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from satark.channel import RawRequest
from satark.testing.installation import Installation, twilio_installation
from satark.testing.processes.serving import serve
from satark.testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio_sms import TwilioSms
from satark_sms_ivr.voice import VoiceChannel

PUBLIC = "https://satark.example"


class Served(NamedTuple):
    """A pretended Twilio that is up."""

    peer: TwilioPeer
    url: str


class Line(NamedTuple):
    """A whole service that the pretended Twilio calls."""

    peer: TwilioPeer
    installation: Installation

    @property
    def url(self) -> str:
        """The service's address."""
        return self.installation.service.url


@pytest.fixture
def settings() -> TwilioSettings:
    """Give the settings of the pretended account."""
    return TwilioSettings.model_validate({"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "number": NUMBER})


@pytest.fixture
def sms(settings: TwilioSettings) -> SmsChannel:
    """Give a channel that talks to nobody."""
    return SmsChannel(TwilioSms(settings, PUBLIC))


@pytest.fixture
def voice(settings: TwilioSettings) -> VoiceChannel:
    """Give a channel that talks to nobody."""
    return VoiceChannel(settings, PUBLIC)


@pytest.fixture
def signed() -> Callable[..., RawRequest]:
    """Give the way to make a webhook as Twilio signs it: path (with query) and fields."""
    peer = TwilioPeer()

    def sign(path: str, **fields: str) -> RawRequest:
        form = {"AccountSid": ACCOUNT_SID, "From": "+919876543210", "To": NUMBER, **fields}
        place, _, query = path.partition("?")
        headers = {"x-twilio-signature": peer.sign(PUBLIC + path, form)}
        return RawRequest(method="POST", path=place, query=query, headers=headers, body=urlencode(form).encode())

    return sign


@pytest.fixture
async def twilio() -> AsyncIterator[Served]:
    """Serve a pretended Twilio."""
    peer = TwilioPeer()
    async with peer, serve(peer.app) as url:
        yield Served(peer, url)


@pytest.fixture
async def line(tmp_path: Path, twilio: Served) -> AsyncIterator[Line]:
    """Start a service that answers this Twilio."""
    async with twilio_installation(twilio.peer, twilio.url, tmp_path, {}) as installation:
        yield Line(twilio.peer, installation)


@pytest.fixture(scope="session")
def recording() -> bytes:
    """Give a spoken answer: half a second of a sawtooth, as WAV."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(((n * 97) % 9000).to_bytes(2, "little") for n in range(4000)))
    return file.getvalue()
