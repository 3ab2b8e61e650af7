"""Scripted errors have Meta's format."""

from __future__ import annotations

from typing import Any

import aiohttp

from support.programs import ServedGraph


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


async def test_errors_have_metas_error_envelope(graph: ServedGraph) -> None:
    status, body = await answer(graph, b"{}")
    assert (status, body["error"]["code"], body["error"]["type"]) == (400, 100, "OAuthException")
    assert (await answer(graph, b"{"))[1]["error"]["code"] == 100
    assert (await answer(graph, b"{}", path="1"))[1]["error"]["error_subcode"] == 33
    status, body = await answer(graph, b"{}", bearer="other")
    assert (status, body["error"]["code"]) == (401, 190)
    assert not graph.peer.sent
