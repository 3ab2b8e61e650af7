"""What opens the files that wait: a secret that only the browser has, in its draft cookie.

Each file has an age identity of its own. It lies beside the file, under a key that follows from the secret, so that
nobody here can open a file whose browser is not asking.
"""

from __future__ import annotations

import hmac
import os
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from satark.channel import MediaKind
from satark.redacted import Redacted

SECRET_BYTES: Final = 32
_NONCE: Final = 12


class Manifest(Redacted, frozen=True, kw_only=True):
    """What is known of one file: no name, and no more of its type than its kind."""

    identity: str
    recipient: str
    kind: MediaKind
    most: int
    """Bytes that it may have."""
    length: int | None
    """Bytes that it has when it is whole; None while that is not known."""


class DraftKey:
    """A draft's secret, and what follows from it. It never shows itself."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"a draft's secret has {SECRET_BYTES} bytes")
        self._secret = secret
        self.folder: str = self._derive(b"folder").hex()[:32]
        """Name of the draft's folder: another one for every secret, and telling nothing of it."""

    def __repr__(self) -> str:
        return "DraftKey(…)"

    def __reduce__(self) -> str:
        raise TypeError("a draft's key is never pickled")

    def seal(self, manifest: Manifest, upload: str) -> bytes:
        """Encrypt a file's manifest."""
        nonce = os.urandom(_NONCE)
        return nonce + self._box(upload).encrypt(nonce, _encode(manifest), upload.encode())

    def open(self, sealed: bytes, upload: str) -> Manifest | None:
        """Decrypt a file's manifest; None where it is another draft's or another file's, or was altered."""
        try:
            return _decode(self._box(upload).decrypt(sealed[:_NONCE], sealed[_NONCE:], upload.encode()))
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return None

    def _box(self, upload: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self._derive(b"manifest/" + upload.encode()))

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._secret, b"satark/1/upload/" + label, "sha256")


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Manifest).decode
