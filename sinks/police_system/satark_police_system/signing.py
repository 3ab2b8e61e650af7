"""Standard Webhooks signatures, signed and verified: `v1` (HMAC-SHA256, by its library) and `v1a` (ed25519, ours).

Source: Standard Webhooks 1.0, sections "Signature scheme" and "Verifying webhook authenticity": the signed
content is `{webhook-id}.{webhook-timestamp}.{body}`. One header may hold several signatures, separated by spaces, so
that keys can be changed with an overlap.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from standardwebhooks import Webhook, WebhookVerificationError

TOLERANCE = 300
"""Seconds that a sender's clock may differ from ours, either way; the same as in `standardwebhooks`."""

Headers = dict[str, str]


class SignatureError(Exception):
    """A signature is invalid, or the request is too old. It gives no reason, which would help only a forger."""


class Signer:
    """Signs outgoing messages, with every secret: while a secret is replaced there are two."""

    def __init__(self, secrets: Sequence[str], private_key: Ed25519PrivateKey | None = None) -> None:
        self._hooks = [Webhook(secret) for secret in secrets]
        self._private_key = private_key

    def __repr__(self) -> str:
        return "Signer(…)"

    def headers(self, message_id: str, body: bytes, now: datetime | None = None) -> Headers:
        """Return the three headers for one attempt. The id is the same at every attempt; the timestamp is not."""
        now = now or datetime.now(UTC)
        text = body.decode()
        signatures = [hook.sign(message_id, now, text) for hook in self._hooks]
        timestamp = str(int(now.timestamp()))
        if self._private_key is not None:
            signed = self._private_key.sign(_signed_content(message_id, timestamp, body))
            signatures.append(f"v1a,{base64.b64encode(signed).decode()}")
        return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


class Verifier:
    """Verifies incoming messages: with any of the sender's public keys, or of the shared secrets if it has no key.

    Whoever runs this service has the secrets. If the sender signs with a key of its own, the secrets prove nothing.
    """

    def __init__(self, secrets: Sequence[str], public_keys: Sequence[Ed25519PublicKey] = ()) -> None:
        self._hooks = [] if public_keys else [Webhook(secret) for secret in secrets]
        self._public_keys = public_keys

    def __repr__(self) -> str:
        return "Verifier(…)"

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> str:
        """Verify signature and timestamp; return the message's id. Header names are lower-case.

        Raises:
            SignatureError: the message is not authentic, or too old.
        """
        if any(_is_valid(hook, headers, body) for hook in self._hooks) or self._by_public_key(headers, body, now):
            return headers["webhook-id"]
        raise SignatureError("invalid signature")

    def _by_public_key(self, headers: Mapping[str, str], body: bytes, now: datetime | None) -> bool:
        message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not message_id or not _is_recent(timestamp, now or datetime.now(UTC)):
            return False
        signed = _signed_content(message_id, timestamp, body)
        signatures = [_decoded(part) for part in _signatures(headers) if part.startswith("v1a,")]
        return any(_signed_by(key, signature, signed) for key in self._public_keys for signature in signatures)


def _is_valid(hook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    # The library's decoder skips what is no base64, so that a signature had many forms.
    strict = {**headers, "webhook-signature": " ".join(filter(_decoded, _signatures(headers)))}
    try:
        hook.verify(body, strict, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library raises ValueError for a header that is no list of signatures, or a body that is not UTF-8.
        return False
    return True


def _signed_content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode(), timestamp.encode(), body))


def _is_recent(timestamp: str, now: datetime) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and abs(now.timestamp() - int(timestamp[:15])) <= TOLERANCE


def _signatures(headers: Mapping[str, str]) -> list[str]:
    return headers.get("webhook-signature", "").split(" ")


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part.partition(",")[2], validate=True)
    except ValueError:  # of letters beyond ASCII, too
        return b""


def _signed_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


SECRET_PREFIX = "whsec_"  # noqa: S105 - the scheme's prefix, no secret
PUBLIC_PREFIX = "whpk_"
MIN_SECRET_BYTES = 24
"""Fewest bytes of a secret. Source: Standard Webhooks 1.0, "Signature scheme": between 24 and 64 bytes."""


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read an ed25519 private key (PEM, PKCS 8).

    Raises:
        ValueError: the file holds no such key.
        OSError: the file can't be read.
    """
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not an ed25519 key")
    return key


def read_public_key(text: str) -> Ed25519PublicKey:
    """Read a public key as the scheme writes it, `whpk_…`.

    Raises:
        ValueError: the text is not a public key.
    """
    if not text.startswith(PUBLIC_PREFIX):
        raise ValueError(f"must begin with {PUBLIC_PREFIX}")
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(PUBLIC_PREFIX), validate=True))


def check_secret(secret: str) -> str:
    """Return the secret unchanged, if it is long enough.

    Raises:
        ValueError: the secret is too short, or not base64.
    """
    try:
        raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX) + "==")
    except ValueError:
        raw = b""
    if len(raw) < MIN_SECRET_BYTES:
        raise ValueError(f"must be {SECRET_PREFIX} and at least {MIN_SECRET_BYTES} random bytes in base64")
    return secret
