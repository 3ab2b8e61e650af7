"""Only Meta's signature and verify token are accepted."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import Outcome, RawRequest
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

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
