"""A bot with pywa, a widely used library for WhatsApp: it keeps each message durably, and replies to it.

It does what the floor does, in the way that pywa's own documentation shows for a server that one brings oneself.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.bench.floor import Store
from support.bench.whatsapp_webhooks import PHONE_NUMBER_ID, WEBHOOK_PATH


def bot(secret: str, database: str, graph_url: str) -> Starlette:
    """Return the web application."""
    store = Store(database)
    # Whoever compares installs them: they are no dependencies of Satark's or of its tests.
    httpx, pywa, identifier = import_module("httpx"), import_module("pywa_async"), import_module("pywa.utils")
    session = httpx.AsyncClient(limits=httpx.Limits(max_connections=64, max_keepalive_connections=64))
    by_number = sorted(identifier.UserIdentifier, key=lambda one: one.name != "WA_ID")
    client = pywa.WhatsApp(
        PHONE_NUMBER_ID,
        "a token that the stub does not check",
        session=session,
        app_secret=secret,
        filter_updates=False,
        user_identifier_priority=tuple(by_number),
    )
    session.base_url = httpx.URL(graph_url)

    async def keep(_: Any, message: Any) -> None:
        await store.insert((message.id, message.from_user.wa_id, message.text or ""))
        await message.reply("noted")

    client.on_message(keep)

    async def webhook(request: Request) -> Response:
        body, signature = await request.body(), request.headers.get("x-hub-signature-256", "")
        refused = await client.webhook_update_validator(body, signature)
        # pywa wants the id that Meta gives each user besides the number; the webhooks of this benchmark have none.
        named = body.replace(b'"wa_id":', b'"user_id": "IN.1", "wa_id":')
        content, status = refused or await client.webhook_update_handler(named)
        return Response(content, status)

    return Starlette(routes=[Route(WEBHOOK_PATH, webhook, methods=["POST"])])


def main() -> None:
    """Serve on the port in the only argument. All other options come from the floor's environment."""
    url = os.environ["FLOOR_MESSAGES_URL"].rpartition(f"/{PHONE_NUMBER_ID}/")[0]
    app = bot(os.environ["FLOOR_SECRET"], os.environ["FLOOR_DATABASE"], url)
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="asyncio", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
