"""Meta says what is wrong with a number."""

from __future__ import annotations

from typing import Any

from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph


async def test_meta_says_what_is_wrong_with_the_number(secrets: dict[str, Any], graph: ServedGraph) -> None:
    state = graph.peer.number_state

    async def asked(**changes: Any) -> str:
        settings = WhatsAppSettings(**{**secrets, "graph_url": graph.url, **changes})
        return " ".join(await WhatsAppChannel(settings).find_faults())

    assert await asked() == ""
    state["quality_rating"] = "RED"
    assert "quality as low" in await asked()
    state["status"] = "PENDING"
    assert "register it with its PIN" in await asked()
    assert "refuses the access token (code 190)" in await asked(access_token="revoked")
    assert "can't be reached" in await asked(graph_url="http://127.0.0.1:1")
