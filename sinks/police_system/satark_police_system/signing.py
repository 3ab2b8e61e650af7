"""Standard Webhooks signatures, both ways: `v1` (HMAC-SHA256) through its library, `v1a` (ed25519) beside it.

Source: Standard Webhooks 1.0, sections "Signature scheme" and "Verifying webhook authenticity": what is signed is
`{webhook-id}.{webhook-timestamp}.{body}`; several signatures stand in one header, separated by spaces, so that keys can
be changed with an overlap.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from standardwebhooks import Webhook, WebhookVerificationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TOLERANCE = 300
"""Seconds that a sender's clock may differ from ours, either way; `standardwebhooks` has the same."""

Headers = dict[str, str]


class SignatureError(Exception):
    """A request is not the partner's, or is too old. It says no more: the reason would help only a forger."""


class Signer:
    """Signs what we send. With two secrets (while one replaces the other) both sign."""

    def __init__(self, secrets: Sequence[str], private_key: Ed25519PrivateKey | None = None) -> None:
        self._hooks = [Webhook(secret) for secret in secrets]
        self._private_key = private_key

    def __repr__(self) -> str:
        return "Signer(…)"

    def headers(self, message_id: str, body: bytes, now: datetime | None = None) -> Headers:
        """Give the three headers for one attempt; the id stays the same at every attempt, the time does not."""
        now = now or datetime.now(UTC)
        text = body.decode()
        signatures = [hook.sign(message_id, now, text) for hook in self._hooks]
        stamp = str(int(now.timestamp()))
        if self._private_key is not None:
            signed = self._private_key.sign(_signed(message_id, stamp, body))
            signatures.append(f"v1a,{base64.b64encode(signed).decode()}")
        return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}


class Verifier:
    """Verifies what the partner sends: by any of our common secrets, or by the partner's public keys."""

    def __init__(self, secrets: Sequence[str], public_keys: Sequence[Ed25519PublicKey] = ()) -> None:
        self._hooks = [Webhook(secret) for secret in secrets]
        self._public_keys = public_keys

    def __repr__(self) -> str:
        return "Verifier(…)"

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> str:
        """Give the message's id, once the signature holds and the time is right. Header names are lower-case.

        Raises:
            SignatureError: they don't.
        """
        if any(_holds(hook, headers, body) for hook in self._hooks) or self._by_public_key(headers, body, now):
            return headers["webhook-id"]
        raise SignatureError("the signature does not hold")

    def _by_public_key(self, headers: Mapping[str, str], body: bytes, now: datetime | None) -> bool:
        message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not message_id or not _is_recent(stamp, now or datetime.now(UTC)):
            return False
        signed = _signed(message_id, stamp, body)
        signatures = [_decoded(part) for part in headers.get("webhook-signature", "").split(" ")]
        return any(_signed_by(key, signature, signed) for key in self._public_keys for signature in signatures)


def _holds(hook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        hook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library lets a ValueError through for a header that is no list of signatures, or a body that is no text.
        return False
    return True


def _signed(message_id: str, stamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode(), stamp.encode(), body))


def _is_recent(stamp: str, now: datetime) -> bool:
    return stamp.isascii() and stamp.isdigit() and abs(now.timestamp() - int(stamp[:15])) <= TOLERANCE


def _decoded(part: str) -> bytes:
    version, _, signature = part.partition(",")
    try:
        return base64.b64decode(signature, validate=True) if version == "v1a" else b""
    except binascii.Error:
        return b""


def _signed_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True
