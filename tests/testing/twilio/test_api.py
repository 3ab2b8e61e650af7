"""A simulated Twilio keeps messages and files, and refuses what Twilio refuses."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

import aiohttp
import pytest

from satark_testing.processes.serving import serve
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioPeer

TO = "+919876543210"
BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@pytest.fixture
async def client(peer: TwilioPeer) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Basic {b64encode(f'{ACCOUNT_SID}:{AUTH_TOKEN}'.encode()).decode()}"}
    async with serve(peer.app) as url, aiohttp.ClientSession(url, headers=headers) as session:
        yield session


@pytest.fixture
def peer() -> TwilioPeer:
    return TwilioPeer()


async def test_a_message_is_kept_told_and_redacted(peer: TwilioPeer, client: aiohttp.ClientSession) -> None:
    told: list[str] = []
    peer.subscribe(lambda message: told.append(message.body), TO)
    created = await client.post(f"{BASE}/Messages.json", data={"From": NUMBER, "To": TO, "Body": "words"})
    assert (created.status, told) == (201, ["words"])
    sid = (await created.json())["sid"]
    assert (await client.post(f"{BASE}/Messages/{sid}.json", data={"Body": ""})).status == 200
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
async def test_a_message_that_twilio_refuses_has_its_code(
    form: dict[str, str], code: int, peer: TwilioPeer, client: aiohttp.ClientSession
) -> None:
    peer.opted_out.add("+910000000000")
    assert (await (await client.post(f"{BASE}/Messages.json", data=form)).json())["code"] == code
    assert not peer.sent


async def test_a_file_is_served_to_its_owner_until_it_is_deleted(
    peer: TwilioPeer, client: aiohttp.ClientSession
) -> None:
    path = f"{BASE}/Recordings/{peer.add_recording(b'sound')}"
    assert await (await client.get(f"{path}.wav")).read() == b"sound"
    async with aiohttp.ClientSession(client._base_url) as stranger:
        assert (await stranger.get(f"{path}.wav")).status == 401
    assert (await client.delete(f"{path}.json")).status == 204
    assert (await client.get(f"{path}.wav")).status == 404
