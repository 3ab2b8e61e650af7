"""The simulated Meta posts, verifies and reports as Meta does."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from satark_testing.whatsapp.citizen import Citizen, LostError
from support.programs import ServedGraph
from support.whatsapp_bot import running

pytestmark = pytest.mark.slow("a provider's server")


async def test_a_webhook_that_is_not_accepted_is_posted_again() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        bot.statuses = [503, 503]
        await citizen.say("Hi")
        assert (await citizen.hear()).text == "Which language?"
        assert len(bot.heard) == 1


async def test_a_webhook_that_is_never_accepted_raises_an_error() -> None:
    async with running() as (peer, bot, hook):
        citizen = Citizen(peer, hook, wa_id="919876543210", post_attempts=2)
        bot.statuses = [503] * 5
        with pytest.raises(LostError, match="does not take it"):
            await citizen.say("Hi")


async def test_the_webhook_is_verified_as_meta_does_it() -> None:
    async with running() as (peer, _, hook):
        assert await peer.handshake(hook)


async def answer(
    graph: ServedGraph, body: bytes, path: str = "106540352242922", bearer: str = "access-token"
) -> tuple[int, Any]:
    url = f"{graph.url}/v26.0/{path}/messages"
    headers = {"Authorization": f"Bearer {bearer}"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.post(url, data=body) as response,
    ):
        return response.status, await response.json()


async def test_read_receipts_are_reported_until_unsubscribed(graph: ServedGraph) -> None:
    reported: list[dict[str, Any]] = []
    stop = graph.peer.subscribe_receipts(reported.append)
    receipt = b'{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}'
    assert await answer(graph, receipt) == (200, {"success": True})
    stop()
    await answer(graph, receipt)
    assert [receipt["message_id"] for receipt in reported] == ["wamid.1"]


async def test_a_download_at_an_unknown_address_is_answered_404(graph: ServedGraph) -> None:
    headers = {"Authorization": "Bearer access-token"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"{graph.url}/download?mid=x") as response,
    ):
        assert response.status == 404


async def test_errors_have_metas_error_envelope(graph: ServedGraph) -> None:
    status, body = await answer(graph, b"{}")
    assert (status, body["error"]["code"], body["error"]["type"]) == (400, 100, "OAuthException")
    assert (await answer(graph, b"{"))[1]["error"]["code"] == 100
    assert (await answer(graph, b"{}", path="1"))[1]["error"]["error_subcode"] == 33
    status, body = await answer(graph, b"{}", bearer="other")
    assert (status, body["error"]["code"]) == (401, 190)
    assert not graph.peer.sent
