"""Standard Webhooks keys: parse and check secrets `whsec_…`, public keys `whpk_…` and private keys in PEM."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from pathlib import Path

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
        ValueError: it is not a public key.
    """
    if not text.startswith(PUBLIC_PREFIX):
        raise ValueError(f"must begin with {PUBLIC_PREFIX}")
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(PUBLIC_PREFIX), validate=True))


def check_secret(secret: str) -> str:
    """Return the secret unchanged, if it is long enough.

    Raises:
        ValueError: it is too short, or not base64.
    """
    try:
        raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX) + "==")
    except binascii.Error:
        raw = b""
    if len(raw) < MIN_SECRET_BYTES:
        raise ValueError(f"must be {SECRET_PREFIX} and at least {MIN_SECRET_BYTES} random bytes in base64")
    return secret
