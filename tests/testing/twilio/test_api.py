"""A simulated Twilio stores messages and files, and refuses the requests that Twilio refuses."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import aiohttp
import pytest

from satark_testing.processes.serving import serve
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer

pytestmark = pytest.mark.slow("a provider's server")

TO = "+919876543210"
BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@pytest.fixture
async def client(peer: TwilioPeer) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Basic {b64encode(f'{ACCOUNT_SID}:{AUTH_TOKEN}'.encode()).decode()}"}
    async with serve(peer.app) as url, aiohttp.ClientSession(url, headers=headers) as session:
        yield session


async def ask(client: aiohttp.ClientSession, method: str, path: str, **form: str) -> tuple[int, bytes]:
    async with client.request(method, path, data=form or None) as answer:
        return answer.status, await answer.read()


@pytest.fixture
def peer() -> TwilioPeer:
    return TwilioPeer()


async def test_a_message_is_stored_reported_and_redacted(peer: TwilioPeer, client: aiohttp.ClientSession) -> None:
    bodies: list[str] = []
    peer.subscribe(lambda message: bodies.append(message.body), TO)
    status, created = await ask(client, "POST", f"{BASE}/Messages.json", From=NUMBER, To=TO, Body="words")
    assert (status, bodies) == (201, ["words"])
    sid = json.loads(created)["sid"]
    assert (await ask(client, "POST", f"{BASE}/Messages/{sid}.json", Body=""))[0] == 200
    assert peer.messages[sid].body == ""


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "+1", "To": TO, "Body": "x"}, 21602),
        ({"From": NUMBER, "To": TO, "Body": ""}, 21602),
        ({"From": NUMBER, "To": TO, "Body": "x" * 1601}, 21617),
        ({"From": NUMBER, "To": "+910000000000", "Body": "x"}, 21610),
    ],
)
async def test_a_refused_message_gets_twilios_error_code(
    form: dict[str, str], code: int, peer: TwilioPeer, client: aiohttp.ClientSession
) -> None:
    peer.opted_out.add("+910000000000")
    _, answer = await ask(client, "POST", f"{BASE}/Messages.json", **form)
    assert json.loads(answer)["code"] == code
    assert not peer.sent


async def test_a_file_is_served_to_its_owner_until_it_is_deleted(
    peer: TwilioPeer, client: aiohttp.ClientSession
) -> None:
    path = f"{BASE}/Recordings/{peer.add_recording(b'sound')}"
    assert await ask(client, "GET", f"{path}.wav") == (200, b"sound")
    async with aiohttp.ClientSession(client._base_url) as stranger:
        assert (await ask(stranger, "GET", f"{path}.wav"))[0] == 401
    assert (await ask(client, "DELETE", f"{path}.json"))[0] == 204
    assert (await ask(client, "GET", f"{path}.wav"))[0] == 404
