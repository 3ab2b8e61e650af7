"""A WhatsApp channel with fixed secrets, and webhooks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import RawRequest
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.flow_json import FlowShelf
from support.programs import ServedGraph

NUMBER = "106540352242922"


@pytest.fixture
def secrets() -> dict[str, Any]:
    """Return the required settings; they fit the fixture `graph`."""
    return {
        "app_secret": "app-secret",
        "verify_token": "verify-token",
        "access_token": "access-token",
        "phone_number_id": NUMBER,
    }


@pytest.fixture
def flows(graph: ServedGraph) -> FlowShelf:
    """Return the flows that the simulated Meta stores."""
    return FlowShelf(graph.peer)


@pytest.fixture
def whatsapp(secrets: dict[str, Any]) -> WhatsAppChannel:
    """Return a channel that is not connected."""
    return WhatsAppChannel(WhatsAppSettings(**secrets))


@pytest.fixture
async def live(secrets: dict[str, Any], graph: ServedGraph) -> AsyncIterator[WhatsAppChannel]:
    """Return an open channel that calls the simulated Meta."""
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url))
    await channel.open()
    yield channel
    await channel.close()


@pytest.fixture
def peer(secrets: dict[str, Any]) -> GraphPeer:
    """Return a simulated Meta that is not served: for building and signing webhooks."""
    return GraphPeer(**secrets)


@pytest.fixture
def signed(peer: GraphPeer) -> Callable[[bytes], RawRequest]:
    """Return the function that signs a body as Meta does."""

    def sign(body: bytes) -> RawRequest:
        headers = {"x-hub-signature-256": peer.sign(body)}
        return RawRequest(method="POST", path="/whatsapp/webhook", headers=headers, body=body)

    return sign


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    """Return the function that reads one of the example webhooks."""
    folder = Path(__file__).parent / "payloads"
    return lambda name: (folder / f"{name}.json").read_bytes()
