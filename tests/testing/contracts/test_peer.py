"""A described provider is served at two addresses, and fails as it is told."""

from __future__ import annotations

import aiohttp
import pytest

from satark_testing.contracts.peer import Fault, Peer, PeerServer, Received, Reply, Said
from support.postcards import Postcards


def said(received: Received) -> Said | None:
    return Said("somebody", received.body.decode()) if received.method == "POST" else None


PEER = Peer(channel=lambda _: Postcards(), read=said, answer=lambda received: Reply(201, received.body))


async def test_what_comes_is_read_and_what_strays_is_told_apart() -> None:
    async with PeerServer(PEER).serving() as server, aiohttp.ClientSession() as client:
        answer = await client.post(f"{server.url}/send", data=b"Hi")
        assert (answer.status, await answer.read()) == (201, b"Hi")
        await client.get(f"{server.url}/file")
        await client.get(server.elsewhere)
        assert server.said() == [Said("somebody", "Hi")]
        assert [request.method for request in server.strayed] == ["GET"]


async def test_a_script_answers_once_or_until_it_is_changed() -> None:
    async with PeerServer(PEER).serving() as server, aiohttp.ClientSession() as client:
        server.answering(Reply(503), first_only=True)
        assert [(await client.get(server.url)).status for _ in range(2)] == [503, 201]
        for fault in (Fault.HANG_UP, Fault.HALF):
            server.answering(fault)
            with pytest.raises(aiohttp.ClientError):
                await (await client.get(server.url)).read()
