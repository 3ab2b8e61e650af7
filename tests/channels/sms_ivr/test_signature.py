"""Twilio's signature: its own vectors pass, and nothing that differs from them does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from satark.channel import RawRequest
from satark.testing.twilio.api import AUTH_TOKEN, NUMBER, TwilioPeer
from satark_sms_ivr.signature import Signature
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel

# Source: twilio/twilio-python, tests/unit/test_request_validator.py at 306691e; MIT licence, Copyright Twilio.
FILE = json.loads((Path(__file__).parent / "signature_vectors.json").read_text())
VECTORS: list[dict[str, Any]] = FILE["vectors"]
PUBLIC = "https://satark.example"


def request_of(vector: dict[str, Any]) -> tuple[str, RawRequest]:
    """The public address that a vector is signed for, and the request as it comes."""
    parts = urlsplit(vector["url"])
    body = vector.get("body") or vector.get("form") or urlencode(vector["params"])
    raw = RawRequest(
        method="POST",
        path=parts.path,
        query=parts.query,
        headers={"x-twilio-signature": vector["signature"]},
        body=body.encode(),
    )
    return f"{parts.scheme}://{parts.netloc}", raw


def altered(raw: RawRequest) -> Iterator[RawRequest]:
    """The request with one thing changed, each in turn."""
    given = raw.headers["x-twilio-signature"]
    for at in range(len(given) - 1):  # the last character is padding
        swapped = "A" if given[at] != "A" else "B"
        yield msgspec.structs.replace(raw, headers={"x-twilio-signature": given[:at] + swapped + given[at + 1 :]})
    for headers in ({}, {"x-twilio-signature": ""}, {"x-twilio-signature": given[:-1]}):
        yield msgspec.structs.replace(raw, headers=headers)
    for at in range(len(raw.body)):
        yield msgspec.structs.replace(raw, body=raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :])
    for body in (raw.body[:-1], raw.body + b"&Extra=1", raw.body + b"\n", b""):
        yield msgspec.structs.replace(raw, body=body)
    for query in (raw.query + "&x=1", raw.query[:-1], ""):
        yield msgspec.structs.replace(raw, query=query)
    yield msgspec.structs.replace(raw, path=raw.path + "x")


def test_all_seven_are_here() -> None:
    assert len(VECTORS) == 7


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_an_official_vector_passes(vector: dict[str, Any]) -> None:
    public, raw = request_of(vector)
    assert Signature(FILE["token"], public).is_good(raw)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_alteration_of_a_vector_fails(vector: dict[str, Any]) -> None:
    public, raw = request_of(vector)
    check = Signature(FILE["token"], public)
    assert [other for other in altered(raw) if check.is_good(other)] == []
    assert not Signature("12346", public).is_good(raw)
    assert not Signature(FILE["token"], "https://elsewhere.example").is_good(raw)


def by_key(settings: str, algorithm: str, key: str) -> RawRequest:
    """A request signed with a shared key."""
    form = {"MessageSid": "SM1", "Body": "नमस्ते"}
    peer = TwilioPeer(auth_token=key)
    headers = {
        "x-twilio-signature": peer.sign(f"{PUBLIC}/sms/webhook", form, algorithm),
        "x-twilio-webhooks-signature-settings": settings,
    }
    return RawRequest(method="POST", path="/sms/webhook", headers=headers, body=urlencode(form).encode())


@pytest.mark.parametrize(
    ("settings", "algorithm", "good"),
    [
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "sha256", True),
        ("key=webhooks_sharedkey_1, algorithm=hmac_sha256", "sha256", True),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "sha1", False),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", "sha1", True),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA512", "sha512", False),
        ("key=webhooks_sharedkey_1,algorithm=", "sha1", False),
        ("key=webhooks_sharedkey_1", "sha1", False),
        ("algorithm=NONE", "sha1", False),
    ],
)
def test_a_shared_key_signs_with_the_algorithm_it_names_and_no_other(
    settings: str, algorithm: str, *, good: bool
) -> None:
    raw = by_key(settings, algorithm, "shared")
    assert Signature(AUTH_TOKEN, PUBLIC, "shared").is_good(raw) is good
    assert not Signature(AUTH_TOKEN, PUBLIC, "other").is_good(raw)


def test_the_address_that_a_proxy_names_proves_nothing(sms: SmsChannel, signed: Callable[..., RawRequest]) -> None:
    raw = signed("/sms/webhook", MessageSid="SM" + "0" * 32, Body="Hi")
    lying = {**raw.headers, "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    assert sms.verify(raw)
    assert sms.verify(msgspec.structs.replace(raw, headers=lying))
    assert not sms.verify(msgspec.structs.replace(raw, path="/voice/webhook"))


def test_the_place_in_a_call_can_not_be_made_up(voice: VoiceChannel, signed: Callable[..., RawRequest]) -> None:
    raw = signed("/voice/webhook/keys?n=3&p=1", CallSid="CA" + "0" * 32, Digits="1", To=NUMBER)
    assert voice.verify(raw)
    assert not voice.verify(msgspec.structs.replace(raw, query="n=3&p=0"))
