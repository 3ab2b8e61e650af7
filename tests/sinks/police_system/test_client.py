"""One event on its way: signed, posted once, and judged by the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from satark.sink import Dead, DeliveryResult, Done, Retry
from satark.testing.peers.police import SECRET, Fault, PoliceReceiver
from satark.testing.processes.serving import serve
from satark_police_system.client import LONGEST_PAUSE, Client, judge
from satark_police_system.settings import System
from satark_police_system.signing import Signer

BODY = b'{"specversion":"1.0"}'


@pytest.fixture
async def receiver() -> PoliceReceiver:
    return PoliceReceiver()


@pytest.fixture
async def client(receiver: PoliceReceiver) -> AsyncIterator[Client]:
    async with serve(receiver.app) as url:
        system = System(url=f"{url}/tips", secret=SecretStr(SECRET), send_seconds=1)
        client = Client(system, Signer([SECRET]))
        await client.open()
        yield client
        await client.close()


async def test_an_event_arrives_signed_and_with_its_id(client: Client, receiver: PoliceReceiver) -> None:
    assert await client.post("key-1", BODY) == Done()
    assert list(receiver.events) == ["key-1"]
    assert receiver.requests[0][0]["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Done()),
        (204, {}, Done()),
        (409, {}, Done()),
        (429, {"retry-after": "17"}, Retry("http-429", 17)),
        (429, {"retry-after": "99999999"}, Retry("http-429", LONGEST_PAUSE)),
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, Retry("http-503")),
        (500, {}, Retry("http-500")),
        (401, {}, Retry("http-401")),
        (410, {}, Dead("http-410")),
        (400, {}, Dead("http-400")),
        (413, {}, Dead("http-413")),
    ],
)
async def test_an_answer_means(
    client: Client, receiver: PoliceReceiver, status: int, headers: dict[str, str], expected: DeliveryResult
) -> None:
    receiver.faults.append(Fault(status, headers))
    assert await client.post("key-1", BODY) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(client: Client, receiver: PoliceReceiver, status: int) -> None:
    receiver.faults.append(Fault(status, {"location": "http://169.254.169.254/latest/meta-data"}))
    result = await client.post("key-1", BODY)
    assert isinstance(result, Dead)
    assert "redirects are refused" in result.reason
    assert "169.254" not in result.reason
    assert len(receiver.requests) == 1


async def test_a_receiver_that_does_not_answer_is_tried_again(client: Client, receiver: PoliceReceiver) -> None:
    receiver.faults.append(Fault(200, seconds=3))
    assert await client.post("key-1", BODY) == Retry("timeout")


async def test_a_cut_connection_is_tried_again(receiver: PoliceReceiver) -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(System(url=f"http://127.0.0.1:{port}", secret=SecretStr(SECRET)), Signer([SECRET]))
    await client.open()
    assert await client.post("key-1", BODY) == Retry("network")
    server.close()
    assert await client.post("key-1", BODY) == Retry("network")
    await client.close()


async def test_a_name_that_leads_inside_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(url="https://localhost:9", secret=SecretStr(SECRET))
    monkeypatch.setattr(System, "allowed_networks", ())
    client = Client(system, Signer([SECRET]))
    await client.open()
    result = await client.post("key-1", BODY)
    await client.close()
    assert result == Retry("the receiver's name leads to an address that is not allowed")


@pytest.mark.parametrize("pause", ["", "-1", "1.5", "soon", "१"])
def test_a_pause_that_is_no_number_of_seconds_is_not_believed(pause: str) -> None:
    assert judge(429, pause) == Retry("http-429")
