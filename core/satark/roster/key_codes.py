"""Codes of new keys: whoever makes an officer a new key gets a code, and each officer who signs for the key types it.

A code and the new key together give a signing key. Its public half stands in the roster's entry. A signature with it
shows that the signer was told the code, tells nobody the code, and is good for this key alone.
"""

import hashlib
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from satark.identity.signatures import verifier_of

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DOMAIN = b"satark/1/new-key-code\0"
_COST, _BLOCK_SIZE = 2**14, 8
"""Parameters of scrypt: 16 MiB and about 40 ms for each guess at a code."""


def new_code() -> str:
    """Return a new code: eight characters, 40 random bits."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


class KeyCode:
    """A code as an officer typed it, for the new key of one officer of a desk."""

    def __init__(self, code: str, desk: str, officer: str) -> None:
        typed = "".join(character for character in code.casefold() if character.isalnum())
        # Crockford's base 32: characters that look alike count as the same.
        digits = typed.translate(str.maketrans("oil", "011")).encode()
        salt = _DOMAIN + f"{desk}\0{officer}".encode()
        self._stretched = hashlib.scrypt(digits, salt=salt, n=_COST, r=_BLOCK_SIZE, p=1, dklen=32)

    def __repr__(self) -> str:
        return "KeyCode(…)"

    def signing_key(self, fingerprint: str) -> Ed25519PrivateKey:
        """Return the signing key of this code and the key with this fingerprint."""
        seed = hashlib.sha256(_DOMAIN + self._stretched + fingerprint.encode()).digest()
        return Ed25519PrivateKey.from_private_bytes(seed)

    def verifier(self, fingerprint: str) -> str:
        """Return the public half (hex) of `signing_key`."""
        return verifier_of(self.signing_key(fingerprint))
