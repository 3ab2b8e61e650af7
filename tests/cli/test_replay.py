"""`satark replay`: a recorded request reaches a running server, signed as the provider signs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from satark.api.channel import Endpoint, RawRequest, SigningChannel
from satark.cli.main import cli
from satark.plugins.loader import Plugins
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_testing.processes.serving import serve

pytestmark = pytest.mark.slow("many commands")

SECRETS = {
    "SATARK_PLUGINS": '["whatsapp", "telegram", "sms_ivr", "web_form"]',
    "SATARK_PUBLIC_URL": "https://tips.example.in",
    "SATARK_WHATSAPP__APP_SECRET": "app-secret-0123",
    "SATARK_WHATSAPP__VERIFY_TOKEN": "verify-token-01",
    "SATARK_WHATSAPP__ACCESS_TOKEN": "access-token-012",
    "SATARK_WHATSAPP__PHONE_NUMBER_ID": "106540352242922",
    "SATARK_TELEGRAM__TOKEN": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
    "SATARK_TELEGRAM__SECRET_TOKEN": "a-secret-of-ours_1",
    "SATARK_TWILIO__ACCOUNT_SID": "AC" + "1" * 32,
    "SATARK_TWILIO__AUTH_TOKEN": "the-token-0123456789",
    "SATARK_TWILIO__NUMBER": "+15550100100",
}
SMS = urlencode({"MessageSid": "SM1", "From": "+919876543210", "To": "+15550100100", "Body": "नमस्ते"}).encode()
BODIES: Mapping[str, tuple[str, bytes]] = {
    "whatsapp": ("hi.json", json.dumps({"object": "whatsapp_business_account", "entry": []}).encode()),
    "telegram": ("hi.json", json.dumps({"update_id": 1}).encode()),
    "sms": ("hi.form", SMS),
    "voice": ("call.form", urlencode({"CallSid": "CA1", "From": "+919876543210"}).encode()),
}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def channels() -> dict[str, Any]:
    settings = Settings()
    return {one.name: one for one in load_channels(settings, Plugins.load(settings.core.plugins))}


class Server:
    """A server that answers 200 to what the channel verifies, 401 to anything else."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        routes = [Route(one.path, self._receive, methods=one.methods) for one in self._channel.endpoints]
        self.app = Starlette(routes=routes)
        self.bodies: list[bytes] = []
        self.queries: list[str] = []

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        raw = RawRequest(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
        )
        self.bodies.append(body)
        self.queries.append(request.url.query)
        return PlainTextResponse("taken", 200 if self._channel.verify(raw) else 401)


class LetterBox:
    """A channel whose provider calls a secret path by GET."""

    name = "letter_box"
    endpoints = (Endpoint(path="/letter-box/a-secret", methods=("GET",), limit=1000),)

    def verify(self, raw: RawRequest) -> bool:
        return (raw.method, raw.path) == ("GET", self.endpoints[0].path)

    def sign(self, raw: RawRequest) -> RawRequest:
        return raw


async def replayed(fixture: Path, channel: str, *more: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, ["replay", str(fixture), "--channel", channel, *more])


@pytest.mark.parametrize("channel", BODIES)
async def test_a_recorded_request_passes_the_servers_check(channel: str, tmp_path: Path) -> None:
    name, body = BODIES[channel]
    (tmp_path / name).write_bytes(body)
    server = Server(channels()[channel])
    async with serve(server.app) as url:
        result = await replayed(tmp_path / name, channel, "--url", url)
    assert (result.exit_code, result.output) == (0, "200\ntaken\n")
    assert server.bodies == [body]


async def test_the_query_is_recorded_of_a_provider_that_uses_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.cli.replay._channel", lambda _context, _name: LetterBox())
    (tmp_path / "hi.query").write_text("id=1&text=Hi\n")
    (tmp_path / "odd.query").write_text("text=नमस्ते")
    server = Server(LetterBox())
    async with serve(server.app) as url:
        result = await replayed(tmp_path / "hi.query", "letter_box", "--url", url)
        refused = await replayed(tmp_path / "odd.query", "letter_box", "--url", url)
    assert (result.exit_code, result.output, server.queries) == (0, "200\ntaken\n", ["id=1&text=Hi"])
    assert (refused.exit_code, "percent-encoded" in refused.output) == (1, True)


async def test_a_server_with_other_secrets_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hi.json").write_bytes(BODIES["whatsapp"][1])
    server = Server(channels()["whatsapp"])
    monkeypatch.setenv("SATARK_WHATSAPP__APP_SECRET", "another-secret-1")
    async with serve(server.app) as url:
        result = await replayed(tmp_path / "hi.json", "whatsapp", "--url", url)
    assert (result.exit_code, result.output.splitlines()[0]) == (1, "401")


@pytest.mark.parametrize(
    ("channel", "more", "message"),
    [
        ("pager", (), "no channel 'pager' is configured (sms, telegram, voice, web_form, whatsapp)"),
        ("web_form", (), "can't sign"),
        ("whatsapp", ("--path", "/elsewhere"), "takes nothing at /elsewhere (/whatsapp/webhook)"),
        ("whatsapp", ("--url", "http://tips.example.in"), "--url must begin with https://"),
        ("whatsapp", ("--url", "http://127.0.0.1:9"), "does `satark serve` run?"),
    ],
)
async def test_a_request_that_can_not_be_replayed_is_reported(
    channel: str, more: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "hi.json").write_bytes(BODIES["whatsapp"][1])
    result = await replayed(tmp_path / "hi.json", channel, *more)
    assert (result.exit_code, message in result.output) == (1, True), result.output


@pytest.mark.parametrize("channel", BODIES)
def test_a_signed_request_passes_and_a_changed_one_does_not(channel: str) -> None:
    found = channels()[channel]
    assert isinstance(channels()[channel], SigningChannel)
    raw = RawRequest(method="POST", path=found.endpoints[0].path, body=BODIES[channel][1])
    assert not found.verify(raw)
    assert found.verify(found.sign(raw))
