"""The signature of a pack: the desk that exports it signs the manifest with the key that the roster lists for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from satark.api.observability import Redacted
from satark.custody.manifest import Signer
from satark.identity.signatures import is_signed

SIGNATURE: Final = "signature.json"
"""The file of the pack that has it."""
_PACK: Final = b"satark/1/pack\0"


class PackSignature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `signature.json`. Whose it is and under which key, the manifest says."""

    signature: str
    """Ed25519 (RFC 8032), 64 bytes, hex: of a domain and a SHA-256, as that of `manifest.json`."""
    algorithm: Literal["ed25519"] = "ed25519"


class PackSigner(Redacted, frozen=True, kw_only=True):
    """Who signs a pack, and with what."""

    who: Signer
    sign: Callable[[bytes], bytes]
    """Signs a message with the private half of the signer's key."""


def sign(signer: PackSigner, sha256: str, domain: bytes = _PACK) -> PackSignature:
    """Sign what has this SHA-256 (hex): a manifest, in another domain something else."""
    return PackSignature(signature=signer.sign(domain + bytes.fromhex(sha256)).hex())


def is_signed_by(signer: Signer, signature: PackSignature, sha256: str, domain: bytes = _PACK) -> bool:
    """Whether a signature on what has this SHA-256 (hex) is the signer's."""
    try:
        signed = bytes.fromhex(signature.signature)
    except ValueError:
        return False
    return signed.hex() == signature.signature and is_signed(signer.verifier, signed, domain + bytes.fromhex(sha256))
