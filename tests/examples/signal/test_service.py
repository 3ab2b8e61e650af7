"""A tip passes from a local signal-cli-rest-api through a real service, with the example installed as a wheel."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from satark_testing.dialogue.walking import Answers, Photo, Place, Reply, Walker
from satark_testing.identifier_search import everything_written, search
from satark_testing.installation import Installation
from satark_testing.processes.service import Service
from satark_testing.processes.serving import provider_session, serve
from satark_testing.waiting import until
from support.answers import HINDI
from support.processes.forked import set_up_installation
from support.wheels import Install

pytestmark = pytest.mark.full("installs an example")

NUMBER = "+911140001000"
SECRET = "a-path-that-nobody-guesses"
PHONE = "+919876543210"
SENDER = "7ccae375-cd51-4c82-8b1e-7be3280aa485"
NAME = "Sunita Planted"
FILE_NAME = "IMG_of_mine"
WORDS = "मंदिर के पीछे हथियारों का ढेर"


class Shown:
    """A message as Signal shows it, which has only text."""

    offers = ()

    def __init__(self, text: str) -> None:
        self.text = text


class SignalCli:
    """A local signal-cli-rest-api with a store of files.

    Source: bbernhard/signal-cli-rest-api, `src/main.go` (routes), `src/api/api.go` (statuses and bodies) and
    `src/client/jsonrpc2.go` (the webhook).
    """

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.app = Starlette(
            routes=[
                Route("/v2/send", self._send, methods=["POST"]),
                Route("/v1/receive/{number}", self._receive),
                Route("/v1/remote-delete/{number}", self._delete_message, methods=["DELETE"]),
                Route("/v1/attachments/{id}", self._file, methods=["GET", "DELETE"]),
                Route("/v1/about", lambda _: JSONResponse({"mode": "json-rpc" if self.webhook else "native"})),
                Route("/v1/accounts", lambda _: JSONResponse([NUMBER])),
            ]
        )
        self.webhook = ""
        """The value of `RECEIVE_WEBHOOK_URL`; empty: messages wait until they are polled."""
        self.files: dict[str, bytes] = {}
        self.sent: list[int] = []
        self.deleted: list[int] = []
        self.hear: Callable[[Shown], None] = print
        self._client = client
        self._waiting: list[dict[str, Any]] = []
        self._times = count(1_795_000_000_000)

    async def message(self, **content: Any) -> str:
        """Deliver a message of the citizen; return its timestamp."""
        at = next(self._times)
        envelope = {
            "source": PHONE, "sourceNumber": PHONE, "sourceUuid": SENDER, "sourceName": NAME, "sourceDevice": 1,
            "timestamp": at, "serverReceivedTimestamp": at, "serverDeliveredTimestamp": at,
            "dataMessage": {"timestamp": at, "message": None, "expiresInSeconds": 0, **content},
        }  # fmt: skip
        received = {"envelope": envelope, "account": NUMBER}
        if self.webhook:
            notification = {"jsonrpc": "2.0", "method": "receive", "params": received}
            async with self._client.post(self.webhook, json=notification) as response:
                assert response.status == 200
        else:
            self._waiting.append(received)
        return str(at)

    async def _send(self, request: Request) -> Response:
        sent = await request.json()
        assert (sent["number"], sent["recipients"]) == (NUMBER, [SENDER])
        self.sent.append(next(self._times))
        self.hear(Shown(sent["message"]))
        return JSONResponse([{"timestamp": str(self.sent[-1])}], 201)

    async def _receive(self, request: Request) -> Response:
        assert request.path_params["number"] == NUMBER
        waiting, self._waiting = self._waiting, []
        return JSONResponse(waiting)

    async def _delete_message(self, request: Request) -> Response:
        asked = await request.json()
        assert (request.path_params["number"], asked["recipient"]) == (NUMBER, SENDER)
        self.deleted.append(asked["timestamp"])
        return JSONResponse({"timestamp": str(next(self._times))}, 201)

    async def _file(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        if id_ not in self.files:
            return JSONResponse({"error": "No attachment with that name found"}, 404)
        if request.method == "GET":
            return Response(self.files[id_])
        del self.files[id_]
        return Response(status_code=204)


class Citizen(Walker[Shown]):
    """A person with the Signal app."""

    def __init__(self, signal: SignalCli) -> None:
        super().__init__()
        self._signal = signal
        signal.hear = self._inbox.put_nowait

    def leave(self) -> None:
        """Do nothing: nobody else receives the messages."""

    async def say(self, text: str) -> str:
        """Type a message."""
        return await self._signal.message(message=text)

    async def tap(self, choice: str) -> str:
        """Type the label, since Signal has no buttons."""
        return await self.say(choice)

    async def pin(self, place: Place) -> str:
        """Fail, since Signal has no locations."""
        raise NotImplementedError

    async def send(self, photo: Photo) -> str:
        """Send a file."""
        id_ = f"{len(self._signal.files)}-c3RvcmVk.{photo.mime.rpartition('/')[2]}"
        self._signal.files[id_] = photo.data
        file = {"contentType": photo.mime, "filename": f"{FILE_NAME}.jpg", "id": id_, "size": len(photo.data)}
        return await self._signal.message(attachments=[file])


def picture() -> bytes:
    file = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def sound() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as spoken:
        spoken.setnchannels(1)
        spoken.setsampwidth(2)
        spoken.setframerate(8000)
        spoken.writeframes(b"".join(((n * 97) % 9000).to_bytes(2, "little") for n in range(8000)))
    return file.getvalue()


@pytest.fixture
async def signal() -> AsyncIterator[SignalCli]:
    async with provider_session() as client:
        yield SignalCli(client)


@pytest.fixture
async def service(
    signal: SignalCli, installed: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Installation]:
    """Set up a service with the wheel. It is not started."""
    monkeypatch.syspath_prepend(installed("signal"))  # commands run in this process
    async with serve(signal.app) as url:
        environment = {
            "PYTHONPATH": str(installed("signal")),
            "SATARK_DATABASE_URL": f"sqlite:///{tmp_path / 'main.db'}",
            "SATARK_KEYS_URL": f"sqlite:///{tmp_path / 'keys.db'}",
            "SATARK_PLUGINS": '["signal", "whatsapp", "desk"]',
            "SATARK_SIGNAL__URL": url,
            "SATARK_SIGNAL__NUMBER": NUMBER,
            "SATARK_SIGNAL__POLL_SECONDS": "0.01",
        }
        async with set_up_installation(tmp_path, environment, service=Service) as installation:
            yield installation


async def test_a_signal_tip_reaches_the_desk_and_nothing_stored_identifies_its_sender(
    signal: SignalCli, service: Installation
) -> None:
    service.service.environment["SATARK_SIGNAL__PATH_SECRET"] = SECRET
    await service.service.start()
    signal.webhook = f"{service.service.url}/signal/webhook/{SECRET}"
    citizen = Citizen(signal)
    files: list[Reply] = [Photo(picture()), Photo(sound(), "audio/wav", "voice"), "हो गया"]
    answers: Answers = {**HINDI, "किसकी आवाज़": "मेरी आवाज़ भी है", "क्या हो रहा है\\?": WORDS, "हो गया": files}
    code = await citizen.walk(answers)
    (tip,) = await service.tips("sp", at_least=1)
    await until(lambda: not signal.files)
    given = service.service.environment
    urls = given["SATARK_DATABASE_URL"], given["SATARK_KEYS_URL"]
    everything = partial(everything_written, service.service.folder, service.service.log, *urls)
    while_running = everything()
    await citizen.say("नहीं; संदेश मिटाएँ")
    last = await citizen.hear()
    await until(lambda: set(signal.deleted) == set(signal.sent[:-1]))
    await service.service.stop()
    assert "48" in last.text or "४८" in last.text
    assert (tip["channel"], WORDS in str(tip["answers"])) == ("chat", True)
    assert sorted(file["kind"] for file in tip["evidence"]) == ["image", "voice"]
    places = while_running | {f"after: {name}": content for name, content in everything().items()}
    identifiers = {"phone": PHONE, "account": SENDER, "name": NAME, "file": FILE_NAME, "code": code, "words": WORDS}
    assert search(places, identifiers) == []
    assert search({**places, "careless": SENDER.encode()}, identifiers)


async def test_polling_loses_no_message_while_satark_is_down(signal: SignalCli, service: Installation) -> None:
    citizen = Citizen(signal)
    walking = asyncio.ensure_future(citizen.walk(HINDI))  # the first message waits at Signal
    await service.service.start()
    assert await walking
    (tip,) = await service.tips("sp", at_least=1)
    assert tip["language"] == "hi"
