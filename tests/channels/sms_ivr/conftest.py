"""Channels over a simulated Twilio, and a real Satark that it calls."""

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


class ServedTwilio(NamedTuple):
    """A simulated Twilio that is being served."""

    peer: TwilioPeer
    url: str


class TwilioService(NamedTuple):
    """A running service that the simulated Twilio calls."""

    peer: TwilioPeer
    installation: Installation

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
    return VoiceChannel(settings, PUBLIC)


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


@pytest.fixture
async def twilio() -> AsyncIterator[ServedTwilio]:
    """Serve a simulated Twilio."""
    peer = TwilioPeer()
    async with peer, serve(peer.app) as url:
        yield ServedTwilio(peer, url)


@pytest.fixture
async def service(tmp_path: Path, twilio: ServedTwilio) -> AsyncIterator[TwilioService]:
    """Start a service that this Twilio calls."""
    async with twilio_installation(twilio.peer, twilio.url, tmp_path, {}) as installation:
        yield TwilioService(twilio.peer, installation)


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
