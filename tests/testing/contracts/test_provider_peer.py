"""The kit serves a described provider at two addresses, with scripted faults."""

from __future__ import annotations

import aiohttp
import pytest

from satark_testing.contracts.provider_peer import Fault, Peer, PeerServer, Received, Reply, Said
from support.postcards import Postcards


def said(received: Received) -> Said | None:
    return Said("somebody", received.body.decode()) if received.method == "POST" else None


PEER = Peer(channel=lambda _: Postcards(), read=said, answer=lambda received: Reply(201, received.body))


async def ask(client: aiohttp.ClientSession, url: str, body: bytes = b"") -> tuple[int, bytes]:
    async with client.request("POST" if body else "GET", url, data=body or None) as answer:
        return answer.status, await answer.read()


async def test_the_peer_separates_requests_at_its_second_address() -> None:
    async with PeerServer(PEER).serving() as server, aiohttp.ClientSession() as client:
        assert await ask(client, f"{server.url}/send", b"Hi") == (201, b"Hi")
        await ask(client, f"{server.url}/file")
        await ask(client, server.elsewhere)
        assert server.said() == [Said("somebody", "Hi")]
        assert [request.method for request in server.strayed] == ["GET"]


async def test_a_script_answers_every_request_until_another_does() -> None:
    async with PeerServer(PEER).serving() as server, aiohttp.ClientSession() as client:
        server.answering(Reply(503))
        assert [await ask(client, server.url) for _ in range(2)] == [(503, b""), (503, b"")]
        for fault in (Fault.HANG_UP, Fault.HALF):
            server.answering(fault)
            with pytest.raises(aiohttp.ClientError):
                await ask(client, server.url)


async def test_requests_beside_the_script_get_their_own_answer_such_as_a_token() -> None:
    peer = Peer(channel=PEER.channel, read=said, answer=lambda _: Reply(200, b'{"access_token": "1"}'))
    async with PeerServer(peer).serving() as server, aiohttp.ClientSession() as client:
        token = await ask(client, f"{server.url}/token")
        assert {path for _, path in server.gives_tokens} == {"/token"}
        server.answering(Reply(500), beside=server.gives_tokens)
        assert await ask(client, f"{server.url}/token") == token
        assert await ask(client, f"{server.url}/cases") == (500, b"")
