"""A WhatsApp channel with fixed secrets, and webhooks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from satark.channel import RawRequest
from satark.testing.pytest_plugin import ServedGraph
from satark.testing.whatsapp.graph_api import GraphPeer
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

NUMBER = "106540352242922"


@pytest.fixture
def secrets() -> dict[str, Any]:
    """Give the settings that are needed at least; they fit the fixture `graph`."""
    return {
        "app_secret": "app-secret",
        "verify_token": "verify-token",
        "access_token": "access-token",
        "phone_number_id": NUMBER,
    }


@pytest.fixture
def whatsapp(secrets: dict[str, Any]) -> WhatsAppChannel:
    """Give a channel that talks to nobody."""
    return WhatsAppChannel(WhatsAppSettings(**secrets))


@pytest.fixture
async def live(secrets: dict[str, Any], graph: ServedGraph) -> AsyncIterator[WhatsAppChannel]:
    """Give an open channel that talks to the pretended Meta."""
    channel = WhatsAppChannel(WhatsAppSettings(**secrets, graph_url=graph.url))
    await channel.open()
    yield channel
    await channel.close()


@pytest.fixture
def peer(secrets: dict[str, Any]) -> GraphPeer:
    """Give a pretended Meta that is not served: for building and signing webhooks."""
    return GraphPeer(**secrets)


@pytest.fixture
def signed(peer: GraphPeer) -> Callable[[bytes], RawRequest]:
    """Give the way to sign a body as Meta would."""

    def sign(body: bytes) -> RawRequest:
        headers = {"x-hub-signature-256": peer.sign(body)}
        return RawRequest(method="POST", path="/whatsapp/webhook", headers=headers, body=body)

    return sign


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    """Give the way to read one of the recorded webhooks."""
    folder = Path(__file__).parent / "payloads"
    return lambda name: (folder / f"{name}.json").read_bytes()
