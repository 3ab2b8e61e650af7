"""Messages in both directions have Meta's format."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from satark_testing.whatsapp.graph_api import Offer, Sender, Webhooks, batch
from support.programs import ServedGraph

TEXT: dict[str, Any] = {"messaging_product": "whatsapp", "to": "919876543210", "text": {"body": "x"}}


def interactive(kind: str, action: dict[str, Any], **parts: Any) -> dict[str, Any]:
    node = {"type": kind, "body": {"text": "?"}, "action": action, **parts}
    return {**TEXT, "type": "interactive", "interactive": node}


def rows(count: int, **row: Any) -> list[dict[str, Any]]:
    return [{"id": f"{n}", "title": "t", **row} for n in range(count)]


def a_list(*sections: dict[str, Any], button: str = "Choose") -> dict[str, Any]:
    return interactive("list", {"button": button, "sections": list(sections)})


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


async def test_a_phone_shows_the_text_and_rows_of_a_list_message(graph: ServedGraph) -> None:
    await answer(graph, json.dumps(a_list({"rows": rows(1, description="d")})).encode())
    sent = graph.peer.sent[-1]
    assert (sent.text, sent.kind, sent.menu_label) == ("?", "list", "Choose")
    assert sent.offers == (Offer("0", "t", "d", row=True),)


def test_webhooks_are_escaped_as_meta_escapes_them() -> None:
    hooks = Webhooks("1")
    sender = Sender(wa_id="919876543210", user_id="IN.a", name="राम", username="ram")
    bodies = [
        hooks.text(sender, "थाने 🎲"),
        hooks.media(sender, "voice", {"id": "1"}, caption="सुनिए"),
        hooks.moved(sender, Sender(user_id="IN.b")),
        hooks.status("wamid.1", "failed", sender, code=131026),
    ]
    assert all(body.isascii() for body in bodies)
    assert batch(bodies, changes_an_entry=1).count(b'"changes"') == 4
    assert b'"voice":true' in bodies[1]
    assert b"contacts" not in bodies[2] + bodies[3]
    assert [sender.address, Sender(wa_id="91").address] == ["IN.a", "91"]
