"""The webhook endpoint: no unsigned request leaves a trace, and nothing is acknowledged before it is durable."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from sqlalchemy import func, select

from satark.ingest.webhook import FORGED_IN_A_ROW
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import PUBLIC_METRICS
from satark.settings.settings import Settings
from satark.store import tables
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit, until
from support.later import render_a_band_later
from support.scripted import LIMIT, ScriptedChannel, database_down, scripted_host

pytestmark = pytest.mark.slow("a host")


class ServedHost:
    """A served host and an HTTP client."""

    def __init__(self, host: Host, channel: ScriptedChannel, url: str, client: aiohttp.ClientSession) -> None:
        self.host, self.channel, self.url, self.client = host, channel, url, client

    retry_after: str | None = None
    """The header `Retry-After` of the last response to `post`."""

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(f"{self.url}{path}") as response:
            return response.status, await response.text()

    async def post(self, body: Any, signature: str | None = None) -> int:
        signed = self.channel.sign(body) if signature is None and isinstance(body, bytes) else signature
        headers = {ScriptedChannel.signature: signed} if signed is not None else {}
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.client.post(f"{self.url}/script", data=data, headers=headers) as response:
            self.retry_after = response.headers.get("Retry-After")
            return response.status

    def seen(self) -> int:
        return self.host.services.read(lambda c: c.execute(select(func.count()).select_from(tables.seen)).scalar_one())

    def answered(self, answer: str) -> bool:
        line = f'satark_webhooks_total{{answer="{answer}",channel="script"}} 1.0'
        return line.encode() in render_a_band_later(self.host.metrics)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[ServedHost]:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=folder, metrics_listen=PUBLIC_METRICS), channel)
    async with serve(build_app(host)) as url, aiohttp.ClientSession() as client:
        await until(lambda: channel.opened)
        yield ServedHost(host, channel, url, client)


@pytest.fixture
async def served_host(tmp_path: Path) -> AsyncIterator[ServedHost]:
    async with served(tmp_path) as made:
        yield made


def events(*senders: str, text: str = "Hi") -> bytes:
    return json.dumps([[sender, f"key-{n}", text] for n, sender in enumerate(senders)]).encode()


async def test_a_signed_webhook_is_ingested_and_answered(served_host: ServedHost) -> None:
    assert await served_host.post(events("asha", "bina")) == 200
    assert served_host.seen() == 2
    assert served_host.answered("accepted")
    await until(lambda: len(served_host.channel.sent) == 2)


@pytest.mark.parametrize("signature", ["", "0" * 64, "half", "no header", "ünïcode"])
async def test_an_unsigned_webhook_leaves_no_trace(served_host: ServedHost, signature: str) -> None:
    body = events("asha")
    headers = {"half": served_host.channel.sign(body)[:32], "no header": None, "ünïcode": "ü" * 64}
    if headers.get(signature, signature) is None:
        async with served_host.client.post(f"{served_host.url}/script", data=body) as response:
            status = response.status
    else:
        status = await served_host.post(body, headers.get(signature, signature))
    assert status == 401
    assert served_host.seen() == 0
    assert served_host.answered("unsigned")
    assert served_host.channel.sent == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[[1]]", b'{"a": 1}'])
async def test_a_signed_body_that_can_not_be_read_is_acknowledged_and_counted(
    served_host: ServedHost, body: bytes
) -> None:
    assert await served_host.post(body) == 200
    assert served_host.answered("malformed")
    assert served_host.seen() == 0


async def test_another_method_is_refused(served_host: ServedHost) -> None:
    assert (await served_host.get("/script"))[0] == 405
    assert served_host.answered("method")


async def test_a_body_that_is_announced_too_long_is_refused(served_host: ServedHost) -> None:
    assert await served_host.post(b"x" * (LIMIT + 1)) == 413
    assert served_host.answered("too_large")


async def test_a_body_that_turns_out_too_long_is_refused(served_host: ServedHost) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 65536 + 2):
            yield b"x" * 65536

    assert await served_host.post(endless(), "0" * 64) == 413
    assert served_host.answered("too_large")


async def test_an_unsigned_webhook_is_refused_before_its_body_is_read(served_host: ServedHost) -> None:
    head = f"POST /script HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served_host.url.rpartition(":")[2]))
    writer.write(head)  # and no byte of the body
    async with limit():
        assert b" 401 " in await reader.readline()
    writer.close()


async def test_a_wrong_secret_in_the_header_is_refused_before_its_body_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = ScriptedChannel()
    endpoint = msgspec.structs.replace(channel.endpoints[0], signs_body=False)
    monkeypatch.setattr(channel, "endpoints", (endpoint,))
    head = f"POST /script HTTP/1.1\r\nHost: x\r\nX-Signature: wrong\r\nContent-Length: {LIMIT}\r\n\r\n"
    async with serve(build_app(scripted_host(Settings(data_dir=tmp_path), channel))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(head.encode())
        async with limit():
            assert b" 401 " in await reader.readline()
        writer.close()


async def test_a_thousand_events_in_three_megabytes_are_all_ingested(served_host: ServedHost) -> None:
    body = events(*(f"sender {n}" for n in range(1000)), text="x" * 3000)
    assert 3_000_000 < len(body) < LIMIT
    assert await served_host.post(body) == 200
    assert served_host.seen() == 1000


async def test_the_provider_is_told_to_resend_while_the_database_is_down(served_host: ServedHost) -> None:
    with database_down(served_host.host.services):
        assert await served_host.post(events("asha")) == 503
        assert served_host.retry_after == "5"
        assert served_host.answered("not_ingested")
        assert (await served_host.get("/readyz"))[0] == 503
        assert await served_host.get("/healthz") == (200, "ok")
    assert await served_host.post(events("asha")) == 200
    assert served_host.seen() == 1


async def test_a_webhook_that_fails_is_not_acknowledged(
    served_host: ServedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(served_host.channel, "parse", broken)
    assert await served_host.post(events("asha")) == 503
    assert served_host.answered("failed")


async def test_a_client_that_leaves_early_counts_as_unsigned(served_host: ServedHost) -> None:
    body = events("asha")
    port = int(served_host.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /script HTTP/1.1\r\nHost: x\r\nX-Signature: {served_host.channel.sign(body)}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await until(lambda: served_host.answered("unsigned"))
    assert served_host.seen() == 0


async def test_an_operator_can_ask_for_health_readiness_and_metrics(served_host: ServedHost) -> None:
    assert await served_host.get("/healthz") == (200, "ok")
    assert await served_host.get("/readyz") == (200, "ready")
    status, text = await served_host.get("/metrics")
    assert status == 200
    assert "satark_commit_seconds_bucket" in text
    assert (await served_host.get("/nowhere"))[0] == 404


async def test_only_wrong_signatures_in_a_row_are_a_fault_until_one_is_right(served_host: ServedHost) -> None:
    faults = served_host.host.metrics.faults
    for _ in range(FORGED_IN_A_ROW - 1):
        assert await served_host.post(b"[]", "forged") == 401
    assert faults.current == []
    assert await served_host.post(b"[]") == 200
    for _ in range(FORGED_IN_A_ROW):
        assert await served_host.post(b"[]") == 200
        assert faults.current == []
        await served_host.post(b"[]", "forged")
    for _ in range(FORGED_IN_A_ROW - 1):
        await served_host.post(b"[]", "forged")
    assert [fault.code for fault in faults.current] == ["webhooks_refused:script"]
    assert "compare the secret in [script]" in str(faults.current[0])
    assert await served_host.post(b"[]") == 200
    assert faults.current == []
