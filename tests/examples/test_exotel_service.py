"""A call passes from a local Exotel through a real service to the desk, with the example installed as a wheel."""

from __future__ import annotations

import wave
from base64 import b64encode
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.installation import Installation
from satark_testing.processes.service import Service
from satark_testing.processes.serving import serve
from support.processes.forked import set_up_installation
from support.wheels import Install

pytestmark = pytest.mark.full("installs an example")

PHONE = "09876543210"
SECRET = "a-path-that-nobody-guesses"
RECORDING = "/exotelrecordings/police1/5fa165.wav"
CREDENTIALS = "Basic " + b64encode(b"the-api-key:the-token").decode()


class Exotel:
    """A local Exotel. It asks the service for each step of a call, and stores the recordings.

    Source: Exotel, "Programmable Voice" and "ExoML": verbs, and the fields of each request.
    """

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.app = Starlette(routes=[Route("/exotelrecordings/{path:path}", self._recording)])
        self.fetched: list[str] = []
        """The credentials of each download."""
        self.url = ""
        self.document = ET.Element("Response")
        self._client = client

    @property
    def said(self) -> list[str]:
        """The lines that were spoken last."""
        return ["".join(line.itertext()) for line in self.document.iter("Say")]

    async def call(self, service: str) -> None:
        """Call the number, with a GET request as Exotel's pages on applets describe."""
        asked = {"CallSid": "5fa165", "CallFrom": PHONE, "CallTo": "01140001000"}
        async with self._client.get(f"{service}/voice/exotel/start/{SECRET}", params=asked) as response:
            self.document = ET.fromstring(await response.read())  # noqa: S314 - our own service wrote it

    async def press(self, *keys: str) -> None:
        """Press a key at each of the next questions."""
        for key in keys:
            await self._go_on("Gather", DigitsPressed=key)

    async def speak(self) -> None:
        """Speak after the beep."""
        await self._go_on("Record", RecordingUrl=self.url + RECORDING, RecordingDuration="4")

    async def _go_on(self, verb: str, **fields: str) -> None:
        *_, found = self.document.iter(verb)  # what is heard to its end comes before the question
        form = {"CallSid": "5fa165", "CallFrom": PHONE, **fields}
        async with self._client.request(found.attrib["method"], found.attrib["action"], data=form) as response:
            assert response.status == 200
            self.document = ET.fromstring(await response.read())  # noqa: S314 - as above

    async def _recording(self, request: Request) -> Response:
        self.fetched.append(request.headers.get("authorization", ""))
        return Response(sound(), media_type="audio/wav")


class Served(NamedTuple):
    """A running service, and the Exotel that calls it."""

    exotel: Exotel
    installation: Installation


def sound() -> bytes:
    """Return a spoken answer: half a second of a sawtooth, as WAV."""
    file = BytesIO()
    with wave.open(file, "wb") as spoken:
        spoken.setnchannels(1)
        spoken.setsampwidth(2)
        spoken.setframerate(8000)
        spoken.writeframes(b"".join(((n * 97) % 9000).to_bytes(2, "little") for n in range(4000)))
    return file.getvalue()


@pytest.fixture
async def served(installed: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """Start a service with the wheel. The example and Satark's own plugins do not import each other."""
    monkeypatch.syspath_prepend(installed("exotel"))  # commands run in this process
    async with aiohttp.ClientSession() as client, serve((exotel := Exotel(client)).app) as url:
        exotel.url = url
        environment = {
            "PYTHONPATH": str(installed("exotel")),
            "SATARK_PLUGINS": '["exotel", "sms_ivr", "whatsapp", "desk"]',
            "SATARK_PUBLIC_URL": "http://127.0.0.1:1",
            "SATARK_EXOTEL__SID": "police1",
            "SATARK_EXOTEL__NUMBER": "+911140001000",
            "SATARK_EXOTEL__API_KEY": "the-api-key",
            "SATARK_EXOTEL__API_TOKEN": "the-token",
            "SATARK_EXOTEL__PATH_SECRET": SECRET,
            "SATARK_EXOTEL__CALLS": "true",
            "SATARK_EXOTEL__RECORDINGS": url,
        }
        async with set_up_installation(tmp_path, environment, service=Service) as installation:
            installation.service.environment["SATARK_PUBLIC_URL"] = installation.service.url  # its port is known now
            await installation.service.start()
            yield Served(exotel, installation)


async def test_a_call_by_keys_and_voice_reaches_a_desk_with_its_recording(served: Served) -> None:
    exotel = served.exotel
    await exotel.call(served.installation.service.url)
    assert "112" in exotel.said[0]
    await exotel.press("2", "2")
    await exotel.speak()
    for _ in range(6):
        if "Send this to the police?" in exotel.said:
            break
        await exotel.press("0")
    await exotel.press("1")
    assert sum(line.replace(", ", "").isdecimal() for line in exotel.said) >= 4, "the groups of the code"
    assert exotel.document[-1].tag == "Hangup"
    (tip,) = await served.installation.tips("sp", at_least=1)
    assert tip["channel"] == "voice"
    assert exotel.fetched == [CREDENTIALS]
    log = served.installation.service.log.read_text()
    assert not [found for found in (PHONE, "9876543210", SECRET, "the-token") if found in log]
