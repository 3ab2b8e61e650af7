"""The published library accepts our signatures, and we accept nothing that is altered, forged or old."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from standardwebhooks import Webhook, WebhookVerificationError

from satark_police_system.signing import (
    TOLERANCE,
    SignatureError,
    Signer,
    Verifier,
    check_secret,
    read_private_key,
    read_public_key,
)
from satark_testing.peers.police import SECRET
from support.police_tip import public_text

if TYPE_CHECKING:
    from pathlib import Path


OTHER = "whsec_" + base64.b64encode(b"another secret of thirty-two byt").decode()
BODY = '{"number": "K4Q7-2XPM", "text": "गाँव"}'.encode()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_published_library_verifies_our_signature() -> None:
    Webhook(SECRET).verify(BODY, Signer([SECRET]).headers("msg_1", BODY))


def test_while_a_secret_is_replaced_the_old_and_the_new_one_are_valid() -> None:
    headers = Signer([OTHER, SECRET]).headers("msg_1", BODY)
    Webhook(SECRET).verify(BODY, headers)
    Webhook(OTHER).verify(BODY, headers)
    for secret in (SECRET, OTHER):
        assert Verifier([OTHER, SECRET]).verify(Signer([secret]).headers("msg_1", BODY), BODY) == "msg_1"


def test_the_published_test_vector_is_reproduced() -> None:
    """Source: the test of the reference libraries, `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = Signer(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_public_key_verifies_the_signature_of_its_private_key() -> None:
    signed = Signer([SECRET], KEY).headers("msg_1", BODY)
    assert Verifier([], [read_public_key(public_text(KEY))]).verify(signed, BODY) == "msg_1"
    assert "v1a," in signed["webhook-signature"]


def test_the_signing_secret_proves_nothing_if_the_receiver_has_a_key_of_its_own() -> None:
    ours = Signer([SECRET]).headers("msg_1", BODY)
    with pytest.raises(SignatureError):
        Verifier([SECRET], [KEY.public_key()]).verify(ours, BODY)


def assert_refused(headers: dict[str, str], body: bytes) -> None:
    for public_keys in ([], [KEY.public_key()]):
        with pytest.raises(SignatureError):
            Verifier([SECRET], public_keys).verify(headers, body)


@pytest.mark.parametrize("late", [timedelta(seconds=TOLERANCE + 2), -timedelta(seconds=TOLERANCE + 2)])
def test_an_old_or_early_timestamp_is_refused(late: timedelta) -> None:
    at = datetime.now(UTC) - late
    headers = Signer([SECRET], KEY).headers("msg_1", BODY, at)
    assert_refused(headers, BODY)


GOOD = Signer([SECRET], KEY).headers("msg_1", BODY, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1a,@@@"},
        {"webhook-signature": "v1,Zm9yZ2Vk v1a,Zm9yZ2Vk"},
        {"webhook-signature": "v2,Zm9yZ2Vk"},
        {"webhook-signature": "\udcff"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "NaN"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "१७"},
    ],
    ids=str,
)
def test_a_request_with_a_changed_header_is_refused(change: dict[str, str]) -> None:
    fresh = Signer([SECRET], KEY).headers("msg_1", BODY)
    assert_refused({**fresh, **change}, BODY)


@pytest.mark.parametrize("header", sorted(GOOD))
def test_a_request_without_one_of_its_headers_is_refused(header: str) -> None:
    fresh = Signer([SECRET], KEY).headers("msg_1", BODY)
    del fresh[header]
    assert_refused(fresh, BODY)


@pytest.mark.parametrize("body", [BODY[:-1], BODY + b" ", b"", b"\xff\xfe"])
def test_a_changed_body_is_refused(body: bytes) -> None:
    headers = Signer([SECRET], KEY).headers("msg_1", BODY)
    assert_refused(headers, body)


def test_the_library_refuses_a_signature_made_with_another_secret() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, Signer([SECRET]).headers("msg_1", BODY))


@pytest.mark.parametrize("secret", ["", "whsec_", "hunter2", "whsec_c2hvcnQ=", "whsec_a"])
def test_a_secret_that_is_too_short_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="random bytes") as caught:
        check_secret(secret)
    assert not secret or secret == "whsec_" or secret not in str(caught.value)


def test_a_key_file_must_hold_an_ed25519_key(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert public_text(read_private_key(file)) == public_text(KEY)
    file.write_text("no key")
    with pytest.raises(ValueError, match=r"."):
        read_private_key(file)


@pytest.mark.parametrize("text", ["", "whpk_", "whpk_%%%", "AAAA"])
def test_a_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_public_key(text)
