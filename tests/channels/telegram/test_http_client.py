"""The HTTP client follows no redirect, bounds responses, and names no URL in an error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram.error import NetworkError, RetryAfter, TimedOut

from satark_telegram import http_client
from satark_telegram.http_client import AiohttpRequest
from satark_telegram.settings import TelegramSettings
from satark_testing.processes.serving import serve
from support.peers.strangers import stranger

pytestmark = pytest.mark.slow("a provider's server")

SECRET_PATH = "/bot110201543:AAH/getMe"


class Server(NamedTuple):
    """A server, and the responses that it gives next."""

    url: str
    answers: list[Response]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    answers: list[Response] = []

    async def answer(_: Request) -> Response:
        return answers.pop(0)

    async with serve(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])) as base:
        yield Server(f"{base}{SECRET_PATH}", answers)


@pytest.fixture
async def client(secrets: dict[str, Any]) -> AsyncIterator[AiohttpRequest]:
    request = AiohttpRequest(TelegramSettings(**secrets))
    await request.initialize()
    yield request
    await request.shutdown()


@pytest.mark.parametrize(
    ("response", "read"),
    [
        (PlainTextResponse('{"ok":true}'), (200, b'{"ok":true}')),
        (PlainTextResponse("", 302, headers={"Location": "http://127.0.0.1:9/"}), (302, b"")),
        (PlainTextResponse('{"description":"Forbidden"}', 403), (403, b'{"description":"Forbidden"}')),
    ],
    ids=["good", "redirect", "error"],
)
async def test_a_response_is_returned_as_it_is(
    response: Response, read: tuple[int, bytes], client: AiohttpRequest, server: Server
) -> None:
    server.answers.append(response)
    assert await client.do_request(server.url, "POST") == read


@pytest.mark.parametrize("body", ["<html>", "", '{"error":"upstream"}'])
async def test_an_error_without_telegrams_description_is_a_proxys(
    body: str, client: AiohttpRequest, server: Server
) -> None:
    server.answers.append(PlainTextResponse(body, 404))
    with pytest.raises(NetworkError):
        await client.do_request(server.url, "POST")


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ('{"parameters":{"retry_after":7}}', {}, 7),
        ("slow down", {"Retry-After": "9"}, 9),
        ("slow down", {}, 5),
    ],
)
async def test_an_error_of_throttling_names_the_pause(
    body: str, headers: dict[str, str], seconds: int, client: AiohttpRequest, server: Server
) -> None:
    server.answers.append(PlainTextResponse(body, 429, headers=headers))
    with pytest.raises(RetryAfter) as caught:
        await client.do_request(server.url, "POST")
    assert caught.value.retry_after == timedelta(seconds=seconds)


async def test_a_response_over_the_limit_is_a_network_error_without_the_url(
    client: AiohttpRequest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "_MAX_RESPONSE_BYTES", 10)
    server.answers.append(PlainTextResponse("x" * 11))
    with pytest.raises(NetworkError) as caught:
        await client.do_request(server.url, "POST")
    assert str(caught.value) == "ClientPayloadError"


async def test_a_late_response_is_a_timeout(client: AiohttpRequest, server: Server) -> None:
    server.answers.append(PlainTextResponse("late"))
    with pytest.raises(TimedOut):
        await client.do_request(server.url, "POST", read_timeout=1e-9)


async def test_a_client_that_is_not_initialized_says_so(secrets: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        _ = AiohttpRequest(TelegramSettings(**secrets)).session


async def test_a_server_that_nobody_vouches_for_gets_no_token_and_no_words(
    client: AiohttpRequest, tmp_path: Path
) -> None:
    async with stranger(tmp_path) as other:
        with pytest.raises(NetworkError):
            await client.do_request(f"{other.url}{SECRET_PATH}", "POST")
    assert other.heard == []
