"""The key of a draft's uploads. It is derived from a secret that only the browser's cookie holds.

Each file is encrypted to its own age identity. The identity is stored beside the file, sealed under the draft's key,
so that the server can open a file only while the browser sends its cookie.
"""

import hmac
import os
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from satark.api import MediaKind, Redacted
from satark_files.decoding import DECODING_ERRORS

SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class UploadManifest(Redacted, frozen=True, kw_only=True):
    """The stored properties of one file. They include neither its name nor its type, only the kind."""

    identity: str
    recipient: str
    kind: MediaKind
    max_bytes: int
    """Size that the file may reach."""
    length: int | None
    """Size of the complete file, in bytes; None while it is unknown."""
    made: float = 0
    """Unix time at which the upload began."""


class DraftKey:
    """A draft's secret, and the keys derived from it. Its repr hides it, and it can't be pickled."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"a draft's secret has {SECRET_BYTES} bytes")
        self._secret = secret
        self.folder: str = self._derive(b"folder").hex()[:32]
        """Name of the draft's folder. Each secret has its own, and the name tells nothing of the secret."""

    def __repr__(self) -> str:
        return "DraftKey(…)"

    def __reduce__(self) -> str:
        raise TypeError("a draft's key is never pickled")

    def mark(self, text: str) -> str:
        """Return what stands for a text in the names of this draft's files; it tells nothing of the text."""
        return self._derive(b"mark/" + text.encode()).hex()[:32]

    def seal(self, manifest: UploadManifest, upload: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(upload).encrypt(nonce, _encode(manifest), upload.encode())

    def open(self, sealed: bytes, upload: str) -> UploadManifest | None:
        """Decrypt the manifest of an upload. None: the manifest belongs to another draft or upload, or was altered."""
        try:
            return _decode(self._cipher(upload).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], upload.encode()))
        except (InvalidTag, ValueError, *DECODING_ERRORS):
            return None

    def _cipher(self, upload: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self._derive(b"manifest/" + upload.encode()))

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._secret, b"satark/1/upload/" + label, "sha256")


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(UploadManifest).decode
