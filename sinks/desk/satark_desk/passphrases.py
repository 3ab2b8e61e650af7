"""Passphrases, and private keys encrypted with them.

Each officer has a key pair. The private key is encrypted with a key derived from the officer's passphrase (Argon2id,
RFC 9106: 64 MiB, 3 passes; then ChaCha20-Poly1305), and the desk's key is sealed to the public key. So the desk's key
can be changed, or shared with a new officer, without anybody else's passphrase. All keys are derived in one queue
(`derivation_queue`).
"""

import os
import secrets
import unicodedata

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from satark_desk.derivation_queue import QUEUE

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 1
"""Lanes of a derivation. With several, OpenSSL uses a pool of threads, in which two derivations at once deadlock."""
# Crockford's base 32 in lower case: no two characters look alike.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS = 6
_NONCE = b"\0" * 12  # constant: each derived key has a random salt of its own and encrypts exactly one value


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key encrypted with a passphrase, with the parameters of the key derivation."""

    wrapped: bytes
    salt: bytes
    memory_kib: int
    passes: int
    lanes: int


def new_passphrase() -> str:
    """Make a passphrase of 120 random bits, such as `h2kq-9zt4-…`: six groups of four characters."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))


def wrap(secret: str, passphrase: str, context: str) -> WrappedKey:
    """Encrypt a private key with a passphrase. It can be decrypted in the same context only, such as one table row."""
    parameters = _new_parameters()
    cipher = ChaCha20Poly1305(_derive(passphrase, parameters))
    return msgspec.structs.replace(parameters, wrapped=cipher.encrypt(_NONCE, secret.encode(), context.encode()))


def unwrap(wrapped: WrappedKey, passphrase: str, context: str) -> str | None:
    """Decrypt a private key (some 0.1 s and 64 MiB); None if passphrase or context is wrong."""
    key = _derive(passphrase, wrapped)
    try:
        return ChaCha20Poly1305(key).decrypt(_NONCE, wrapped.wrapped, context.encode()).decode()
    except InvalidTag:
        return None


def unwrap_nothing(passphrase: str) -> None:
    """Take as long as `unwrap`. It is called for an officer who does not exist, so that the time reveals nothing."""
    _derive(passphrase, _new_parameters())


def _new_parameters() -> WrappedKey:
    return WrappedKey(wrapped=b"", salt=os.urandom(16), memory_kib=MEMORY_KIB, passes=PASSES, lanes=LANES)


def _derive(passphrase: str, parameters: WrappedKey) -> bytes:
    return QUEUE.run(lambda: _argon2id(passphrase, parameters))


def _argon2id(passphrase: str, parameters: WrappedKey) -> bytes:
    # One keyboard sends composed characters, another decomposed ones.
    normalized = unicodedata.normalize("NFC", passphrase).encode()
    derivation = Argon2id(
        salt=parameters.salt,
        length=32,
        iterations=parameters.passes,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    )
    return derivation.derive(normalized)
