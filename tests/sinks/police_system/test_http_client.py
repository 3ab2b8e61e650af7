"""An event is signed and posted once; the response decides the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from satark.api.outbound import MAX_WAIT
from satark.api.sink import DeadLetter, DeliveryResult, Done, Retry
from satark_police_system.http_client import HttpTransport, classify_response
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_testing.peers.police import SECRET, Fault, PoliceReceiver
from satark_testing.processes.serving import serve
from support.peers.strangers import stranger

pytestmark = pytest.mark.slow("a server")

BODY = b'{"specversion":"1.0"}'


@pytest.fixture
async def receiver() -> PoliceReceiver:
    return PoliceReceiver()


@pytest.fixture
async def client(receiver: PoliceReceiver) -> AsyncIterator[HttpTransport]:
    async with serve(receiver.app) as url:
        system = SystemSettings(url=f"{url}/tips", secret=SecretStr(SECRET), send_seconds=1)
        client = HttpTransport(system, Signer([SECRET]))
        await client.open()
        yield client
        await client.close()


async def test_an_event_is_posted_signed_and_with_its_id(client: HttpTransport, receiver: PoliceReceiver) -> None:
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
        (429, {"retry-after": "99999999"}, Retry("http-429", MAX_WAIT)),
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, Retry("http-503")),
        (500, {}, Retry("http-500")),
        (401, {}, Retry("http-401")),
        (410, {}, DeadLetter("http-410")),
        (400, {}, DeadLetter("http-400")),
        (413, {}, DeadLetter("http-413")),
    ],
)
async def test_the_status_code_decides_the_result(
    client: HttpTransport, receiver: PoliceReceiver, status: int, headers: dict[str, str], expected: DeliveryResult
) -> None:
    receiver.faults.append(Fault(status, headers))
    assert await client.post("key-1", BODY) == expected


PORTAL = "\n<!DOCTYPE html><title>Sign in to the network</title>"
PROXY = '{"error":"upstream"}'


@pytest.mark.parametrize(
    ("acknowledgement", "body", "expected"),
    [
        ("", "", Done()),
        ("", '{"stored":true}', Done()),
        ("", PORTAL, Retry("not-acknowledged")),
        ('"stored":true', '{"stored":true}', Done()),
        ('"stored":true', "", Retry("not-acknowledged")),
        ('"stored":true', PORTAL, Retry("not-acknowledged")),
        ('"stored":true', PROXY, Retry("not-acknowledged")),
    ],
)
async def test_no_page_and_nothing_but_the_configured_acknowledgement_accepts_a_tip(
    receiver: PoliceReceiver, acknowledgement: str, body: str, expected: DeliveryResult
) -> None:
    async with serve(receiver.app) as url:
        settings = {"url": f"{url}/tips", "secret": SECRET, "acknowledgement": acknowledgement}
        client = HttpTransport(SystemSettings.model_validate(settings), Signer([SECRET]))
        await client.open()
        receiver.faults.append(Fault(200, body=body))
        assert await client.post("key-1", BODY) == expected
        await client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(client: HttpTransport, receiver: PoliceReceiver, status: int) -> None:
    receiver.faults.append(Fault(status, {"location": "http://169.254.169.254/latest/meta-data"}))
    result = await client.post("key-1", BODY)
    assert isinstance(result, Retry)
    assert result.down
    assert "redirects are refused" in result.reason
    assert "169.254" not in result.reason
    assert len(receiver.requests) == 1


async def test_a_receiver_that_does_not_respond_is_retried(client: HttpTransport, receiver: PoliceReceiver) -> None:
    receiver.faults.append(Fault(200, seconds=3))
    assert await client.post("key-1", BODY) == Retry("timeout")


async def test_a_cut_connection_is_retried(receiver: PoliceReceiver) -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = HttpTransport(SystemSettings(url=f"http://127.0.0.1:{port}", secret=SecretStr(SECRET)), Signer([SECRET]))
    await client.open()
    assert await client.post("key-1", BODY) == Retry("network")
    server.close()
    assert await client.post("key-1", BODY) == Retry("network")
    await client.close()


async def test_nothing_is_sent_to_a_name_that_resolves_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemSettings(url="https://localhost:9", secret=SecretStr(SECRET))
    monkeypatch.setattr(SystemSettings, "allowed_networks", ())
    client = HttpTransport(system, Signer([SECRET]))
    await client.open()
    result = await client.post("key-1", BODY)
    await client.close()
    assert result == Retry("the receiver's name leads to an address that is not allowed")


@pytest.mark.parametrize("retry_after", ["", "-1", "1.5", "soon", "१"])
def test_a_retry_after_that_is_no_number_of_seconds_is_ignored(retry_after: str) -> None:
    assert classify_response(429, retry_after) == Retry("http-429")


@pytest.mark.parametrize(
    ("host", "vouched", "taken"),
    [("localhost", True, True), ("localhost", False, False), ("somebody.else", True, False)],
)
async def test_an_event_is_sent_to_a_trusted_certificate_of_the_receiver_alone(
    tmp_path: Path, host: str, *, vouched: bool, taken: bool
) -> None:
    async with stranger(tmp_path, host=host) as other:
        ca_file = other.certificate.certificate if vouched else None
        system = SystemSettings(url=f"{other.url}/tips", secret=SecretStr(SECRET), ca_file=ca_file)
        client = HttpTransport(system, Signer([SECRET]))
        await client.open()
        assert await client.post("key-1", BODY) == (Done() if taken else Retry("network"))
        assert taken or await client.find_faults() == "ClientConnectorCertificateError"
        await client.close()
    assert bool(other.heard) is taken
