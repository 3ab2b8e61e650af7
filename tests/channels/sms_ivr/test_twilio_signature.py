"""Only requests that Twilio signed are valid, at the address that it calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from satark.api.channel import RawRequest
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio_signature import TwilioSignature
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.api import AUTH_TOKEN, NUMBER, TwilioPeer

# Source: twilio/twilio-python, tests/unit/test_request_validator at 306691e; MIT licence, Copyright Twilio.
FILE = json.loads((Path(__file__).parent / "signature_vectors.json").read_text())
VECTORS: list[dict[str, Any]] = FILE["vectors"]
PUBLIC = "https://satark.example"


def request_of(vector: dict[str, Any]) -> tuple[str, RawRequest]:
    """Return the public address that a vector is signed for, and its request."""
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
    """Yield the request with one change each."""
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


def test_there_are_seven_vectors() -> None:
    assert len(VECTORS) == 7


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_an_official_vector_passes(vector: dict[str, Any]) -> None:
    public, raw = request_of(vector)
    assert TwilioSignature(FILE["token"], public).is_valid(raw)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_alteration_of_a_vector_fails(vector: dict[str, Any]) -> None:
    public, raw = request_of(vector)
    check = TwilioSignature(FILE["token"], public)
    assert [other for other in altered(raw) if check.is_valid(other)] == []
    assert not TwilioSignature("12346", public).is_valid(raw)
    assert not TwilioSignature(FILE["token"], "https://elsewhere.example").is_valid(raw)


def signed_with_key(settings: str, algorithm: str, key: str) -> RawRequest:
    """Return a request signed with a shared key."""
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
def test_a_shared_key_accepts_only_the_algorithm_that_the_header_names(
    settings: str, algorithm: str, *, good: bool
) -> None:
    raw = signed_with_key(settings, algorithm, "shared")
    assert TwilioSignature(AUTH_TOKEN, PUBLIC, "shared").is_valid(raw) is good
    assert not TwilioSignature(AUTH_TOKEN, PUBLIC, "other").is_valid(raw)


def test_the_host_that_a_proxy_names_is_ignored(sms: SmsChannel, signed: Callable[..., RawRequest]) -> None:
    raw = signed("/sms/webhook", MessageSid="SM" + "0" * 32, Body="Hi")
    forged = {**raw.headers, "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    assert sms.verify(raw)
    assert sms.verify(msgspec.structs.replace(raw, headers=forged))
    assert not sms.verify(msgspec.structs.replace(raw, path="/voice/webhook"))


def test_the_state_of_a_call_cannot_be_forged(voice: VoiceChannel, signed: Callable[..., RawRequest]) -> None:
    raw = signed("/voice/webhook/keys?n=3&p=1", CallSid="CA" + "0" * 32, Digits="1", To=NUMBER)
    assert voice.verify(raw)
    assert not voice.verify(msgspec.structs.replace(raw, query="n=3&p=0"))
