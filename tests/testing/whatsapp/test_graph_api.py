"""A citizen, the peer and a bare bot: what one sends arrives at the other as Meta would carry it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark_testing.processes.serving import serve
from satark_testing.whatsapp.citizen import Citizen, LostError, Photo, Place, receipt_in
from satark_testing.whatsapp.graph_api import GraphPeer

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
    """Asks its questions in order, whatever it hears; keeps what it heard."""

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
        url = f"{self.graph_url}/v23.0/1/messages"
        headers = {"Authorization": "Bearer t"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.post(url, json=body) as response,
        ):
            assert response.status == 200


@asynccontextmanager
async def running() -> AsyncIterator[tuple[GraphPeer, Bot, str]]:
    async with GraphPeer(app_secret="s", verify_token="v", access_token="t", phone_number_id="1") as peer:
        bot = Bot(peer)
        async with serve(peer.app) as bot.graph_url, serve(bot.app) as url:
            yield peer, bot, f"{url}/hook"


async def test_a_citizen_walks_to_the_receipt() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, user_id="IN.abc") as citizen:
        code = await citizen.walk(
            {
                "language": "हिन्दी",
                "What happened": "जुआ",
                "Where": Place(25.3, 83.0, name="Assi Ghat"),
                "Photos": [Photo(b"\xff\xd8", caption="look"), "done"],
            }
        )
    assert code == "1234567890123456"
    assert [m["type"] for m in bot.heard] == ["text", "interactive", "text", "location", "image", "text"]
    assert bot.heard[1]["interactive"]["button_reply"] == {"id": "language.hi.1", "title": "हिन्दी"}
    assert bot.heard[3]["location"] == {"latitude": 25.3, "longitude": 83.0, "name": "Assi Ghat"}
    assert "from" not in bot.heard[0]
    assert [sent.kind for sent in peer.sent][:3] == ["button", "text", "location_request_message"]


async def test_a_webhook_that_is_not_taken_is_posted_again() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        bot.statuses = [503, 503]
        await citizen.say("Hi")
        assert (await citizen.hear()).text == "Which language?"
        assert len(bot.heard) == 1


async def test_a_webhook_that_is_never_taken_is_given_up_loudly() -> None:
    async with running() as (peer, bot, hook):
        citizen = Citizen(peer, hook, wa_id="919876543210", post_attempts=2)
        bot.statuses = [503] * 5
        with pytest.raises(LostError, match="does not take it"):
            await citizen.say("Hi")


async def test_a_silent_bot_is_noticed() -> None:
    async with running() as (peer, _, hook):
        citizen = Citizen(peer, hook, wa_id="919876543210", patience=0.01)
        with pytest.raises(LostError, match="nothing was heard"):
            _ = citizen.last
        with pytest.raises(LostError, match="no answer after"):
            await citizen.hear()


async def test_a_question_that_the_script_does_not_know_is_named() -> None:
    async with running() as (peer, _, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        with pytest.raises(LostError, match="Which language"):
            await citizen.walk({"Somewhere": "else"})


async def test_a_walk_that_leads_nowhere_ends() -> None:
    async with running() as (peer, _, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        with pytest.raises(LostError, match="no receipt after 2"):
            await citizen.walk({".": "again"}, most=2)


async def test_only_what_is_offered_can_be_tapped() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        await citizen.say("Hi")
        await citizen.hear()
        with pytest.raises(LostError, match="offered"):
            await citizen.tap("Français")
        await citizen.tap("Eng")
        assert bot.heard[1]["interactive"]["button_reply"]["id"] == "language.en.1"
        assert citizen.unread() == 1


async def test_edits_and_revocations_name_the_original() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        first = await citizen.say("Hi")
        await citizen.edit(first, "Hello")
        await citizen.revoke(first)
    assert bot.heard[0]["id"] == first
    assert bot.heard[1]["edit"]["original_message_id"] == first
    assert bot.heard[2]["revoke"] == {"original_message_id": first}


async def test_each_citizen_hears_only_their_own_and_nothing_after_leaving() -> None:
    async with running() as (peer, _, hook):
        one = Citizen(peer, hook, wa_id="919876543210")
        other = Citizen(peer, hook, wa_id="919876543211")
        everything: list[str] = []
        stop = peer.subscribe(lambda sent: everything.append(sent.address))
        await one.say("Hi")
        await one.hear()
        one.leave()
        await one.say("Hi")
        stop()
        await other.say("Hi")
    assert (one.unread(), other.unread()) == (0, 1)
    assert everything == ["919876543210", "919876543210"]


async def test_the_handshake_is_made_as_meta_makes_it() -> None:
    async with running() as (peer, _, hook):
        assert await peer.handshake(hook)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("सूचना कोड: 1234 5678 9012 3456 रखिए", "1234567890123456"),
        ("१२३४ ५६७८ ९०१२ ३४५६", "1234567890123456"),
        ("1234-5678-9012-3456", "1234567890123456"),
        ("1234 5678 9012", ""),
        ("91234 5678 9012 34567", ""),
    ],
)
def test_a_receipt_is_found_in_any_script(text: str, code: str) -> None:
    assert receipt_in(text) == code


class Broken:
    """The lifespan of an app whose database is gone."""

    def __init__(self, app: Starlette) -> None:
        del app

    async def __aenter__(self) -> None:
        raise OSError("no such database")

    async def __aexit__(self, *_: object) -> None:
        """Never reached."""


async def test_an_app_that_does_not_start_is_told() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        async with serve(Starlette(lifespan=Broken)):
            raise AssertionError


async def test_what_a_test_raises_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with serve(Starlette()):
            raise KeyError
