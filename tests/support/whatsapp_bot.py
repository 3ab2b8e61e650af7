"""A minimal bot at a simulated Meta, for tests of the simulated provider and of its citizens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.processes.serving import serve
from satark_testing.whatsapp.graph_api import GraphPeer

ACCESS_TOKEN = "t"

QUESTIONS: list[dict[str, Any]] = [
    {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "Which language?"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "language.hi.1", "title": "हिन्दी"}},
                    {"type": "reply", "reply": {"id": "language.en.1", "title": "English"}},
                ]
            },
        },
    },
    {"type": "text", "text": {"body": "What happened?"}},
    {
        "type": "interactive",
        "interactive": {
            "type": "location_request_message",
            "body": {"text": "Where?"},
            "action": {"name": "send_location"},
        },
    },
    {"type": "text", "text": {"body": "Photos? Say done."}},
    {"type": "text", "text": {"body": "Photos? Say done."}},
    {"type": "text", "text": {"body": "Your receipt: VNS-1, code १२३४ 5678 9012 3456"}},
]


class Bot:
    """Asks its questions in order, whatever the answers are, and records the answers."""

    def __init__(self, peer: GraphPeer) -> None:
        self.peer = peer
        self.graph_url = ""
        self.heard: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.app = Starlette(routes=[Route("/hook", self.take, methods=["POST", "GET"])])

    async def take(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(request.query_params["hub.challenge"])
        body = await request.body()
        if request.headers["x-hub-signature-256"] != self.peer.sign(body):
            return Response(status_code=401)
        if self.statuses:
            return Response(status_code=self.statuses.pop())
        message = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
        await self.put(QUESTIONS[len(self.heard) % len(QUESTIONS)], message)
        self.heard.append(message)
        return Response()

    async def put(self, node: dict[str, Any], message: dict[str, Any]) -> None:
        whom = {"to": message["from"]} if "from" in message else {"recipient": message["from_user_id"]}
        body = {"messaging_product": "whatsapp", **whom, **node}
        url = f"{self.graph_url}/v26.0/1/messages"
        headers = {"Authorization": f"Bearer {ACCESS_TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.post(url, json=body) as response,
        ):
            assert response.status == 200


@asynccontextmanager
async def running() -> AsyncIterator[tuple[GraphPeer, Bot, str]]:
    async with GraphPeer(app_secret="s", verify_token="v", access_token=ACCESS_TOKEN, phone_number_id="1") as peer:
        bot = Bot(peer)
        async with serve(peer.app) as bot.graph_url, serve(bot.app) as url:
            yield peer, bot, f"{url}/hook"
