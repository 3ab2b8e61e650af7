"""The channel accepts nothing but Meta's signature and verify token, and adds a template to notices."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address
from satark.api.outbound import Call
from satark.api.prompt import Prompt
from satark_testing.processes.serving import serve
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_testing.whatsapp.limits import check_message
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph

VECTORS = json.loads((Path(__file__).parent / "signature_vectors.json").read_text())


def post(body: bytes, signature: str | None) -> RawRequest:
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    return RawRequest(method="POST", path="/whatsapp/webhook", headers=headers, body=body)


def verification(query: str, method: str = "GET") -> RawRequest:
    return RawRequest(method=method, path="/whatsapp/webhook", query=query)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_a_signature_vector(vector: dict[str, Any], secrets: dict[str, Any]) -> None:
    secrets["app_secret"] = VECTORS["app_secret"]
    channel = WhatsAppChannel(WhatsAppSettings(**secrets))
    body = base64.b64decode(vector["raw_body_base64"])
    assert channel.verify(post(body, vector["x_hub_signature_256"])) is vector["valid"]


ALTERATIONS: dict[str, Callable[[str], str | None]] = {
    "cut": lambda signature: signature[:-1],
    "longer": lambda signature: signature + "0",
    "not ASCII": lambda signature: signature + "é",
    "empty": lambda signature: "",
    "missing": lambda signature: None,
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_a_signature_that_is_cut_or_longer_or_missing_is_refused(
    alteration: str, whatsapp: WhatsAppChannel, peer: GraphPeer
) -> None:
    assert whatsapp.verify(post(b"{}", peer.sign(b"{}")))
    assert not whatsapp.verify(post(b"{}", ALTERATIONS[alteration](peer.sign(b"{}"))))


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE"])
def test_other_methods_are_refused(method: str, whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    raw = RawRequest(method=method, path="/", headers={"x-hub-signature-256": peer.sign(b"")})
    assert not whatsapp.verify(raw)


def test_a_verification_request_is_answered_with_its_exact_challenge(whatsapp: WhatsAppChannel) -> None:
    raw = verification("hub.mode=subscribe&hub.challenge=11%C3%A9%2058%FF&hub.verify_token=verify-token")
    assert whatsapp.verify(raw)
    assert not whatsapp.parse(raw).inbound
    answer = whatsapp.reply(raw, Outcome())
    assert (answer.status, answer.body) == (200, b"11\xc3\xa9 58\xff")
    assert answer.media_type.startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-toke",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-token&hub.verify_token=x",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify-token",
        "hub.challenge=1&hub.verify_token=verify-token",
        "hub.mode=subscribe&hub.verify_token=verify-token",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%FF%FE",
        "a=1&" * 50 + "hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-token",
    ],
)
def test_an_incomplete_verification_request_is_refused(query: str, whatsapp: WhatsAppChannel) -> None:
    assert not whatsapp.verify(verification(query))


def test_a_webhook_is_answered_with_an_empty_200(whatsapp: WhatsAppChannel) -> None:
    answer = whatsapp.reply(post(b"{}", None), Outcome())
    assert (answer.status, answer.body) == (200, b"")


ACCOUNT = "whatsapp:106540352242922"
TO = Address("919876543210")


def notices(channel: WhatsAppChannel, language: str) -> list[Call]:
    return list(channel.notice(Prompt(text="News", language=language), ACCOUNT, TO))


@pytest.mark.parametrize(
    ("language", "template"),
    [
        ("hi", {"name": "satark_notice", "language": {"code": "hi"}}),
        ("hi-IN", {"name": "satark_notice", "language": {"code": "hi"}}),
        ("en-US", {"name": "satark_news", "language": {"code": "en_US"}}),
        ("bho", {"name": "satark_notice", "language": {"code": "hi"}}),
    ],
)
def test_a_notice_carries_the_template_of_its_language(
    language: str, template: dict[str, Any], secrets: dict[str, Any]
) -> None:
    secrets["notice_templates"] = {"hi": "satark_notice", "en-US": "satark_news"}
    channel = WhatsAppChannel(WhatsAppSettings(**secrets))
    (call,) = notices(channel, language)
    assert json.loads(call.body)["text"]["body"] == "News"
    fallback = json.loads(call.fallback)
    check_message(fallback)
    assert (fallback["type"], fallback["template"], fallback["to"]) == ("template", template, TO.reveal())


def test_a_long_notice_carries_the_template_once(secrets: dict[str, Any]) -> None:
    secrets["notice_templates"] = {"hi": "satark_notice"}
    channel = WhatsAppChannel(WhatsAppSettings(**secrets))
    asked = Prompt(text="x " * 1000, language="hi", wants="pin")
    assert [bool(call.fallback) for call in channel.notice(asked, ACCOUNT, TO)] == [True, False]


def test_a_notice_without_a_template_has_no_fallback(whatsapp: WhatsAppChannel) -> None:
    assert [call.fallback for call in notices(whatsapp, "ur")] == [b""]
    assert whatsapp.render(Prompt(text="News", language="hi"), ACCOUNT, TO)[0].fallback == b""


ACCOUNT = "whatsapp:106540352242922"


def test_several_numbers_are_several_accounts_and_others_are_ignored(
    secrets: dict[str, str], payload: Callable[[str], bytes]
) -> None:
    secrets["phone_number_id"] = " 106540352242922, 222 ,222"
    channel = WhatsAppChannel(WhatsAppSettings.model_validate(secrets))
    assert channel.accounts == (ACCOUNT, "whatsapp:222")
    for number, inbound, ignored in (("222", ["whatsapp:222"], 0), ("333", [], 1)):
        body = payload("text").replace(b"106540352242922", number.encode())
        batch = channel.parse(RawRequest(method="POST", path="/", body=body))
        assert [i.account for i in batch.inbound] == inbound
        assert batch.ignored == ignored


async def test_the_check_reports_metas_faults_of_the_number(secrets: dict[str, Any], graph: ServedGraph) -> None:
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
    busy = Starlette(routes=[Route("/{rest:path}", lambda _request: Response(status_code=429))])
    async with serve(busy) as url:
        assert (
            await asked(graph_url=url)
            == "Meta throttles us (code http-429): it answers again once fewer calls are made"
        )


NUMBER = "106540352242922"
MINE = {"override_callback_uri": "https://thief.example/t", "verify_token": "mine"}


@pytest.mark.parametrize(
    ("path", "override"),
    [(NUMBER, {"webhook_configuration": MINE}), ("102290129340398/subscribed_apps", MINE)],
    ids=["number", "account"],
)
async def test_an_override_of_the_webhooks_address_is_a_fault_until_it_is_removed(
    path: str, override: dict[str, Any], secrets: dict[str, Any], graph: ServedGraph
) -> None:
    settings = WhatsAppSettings(**secrets, graph_url=graph.url)
    channel = WhatsAppChannel(settings, public_url="https://satark.example/")
    graph.peer.callbacks["application"] = "https://satark.example/whatsapp/webhook"
    assert await channel.find_faults() == []
    await post_to_meta(f"{graph.url}/v26.0/{path}", secrets, override)
    (fault,) = await channel.find_faults()
    assert "revoke access_token" in fault
    assert "thief" not in fault
    removed = {"webhook_configuration": {"override_callback_uri": ""}} if path == NUMBER else {}
    await post_to_meta(f"{graph.url}/v26.0/{path}", secrets, removed)
    assert await channel.find_faults() == []


async def post_to_meta(url: str, secrets: dict[str, Any], body: dict[str, Any]) -> None:
    """Call Meta as whoever has the access token does."""
    headers = {"Authorization": f"Bearer {secrets['access_token']}"}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
        assert answer.status == 200


async def test_another_address_of_the_app_is_a_fault_where_ours_is_known(
    secrets: dict[str, Any], graph: ServedGraph
) -> None:
    settings = WhatsAppSettings(**secrets, graph_url=graph.url)
    graph.peer.callbacks["application"] = "https://thief.example/t"
    assert len(await WhatsAppChannel(settings, public_url="https://satark.example").find_faults()) == 1
    assert await WhatsAppChannel(settings).find_faults() == []
