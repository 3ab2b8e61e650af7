"""The simulated Meta serves files only at their announced addresses."""

from __future__ import annotations

import aiohttp

from support.programs import ServedGraph


async def test_a_download_at_an_unknown_address_is_answered_404(graph: ServedGraph) -> None:
    headers = {"Authorization": "Bearer access-token"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"{graph.url}/download?mid=x") as response,
    ):
        assert response.status == 404
