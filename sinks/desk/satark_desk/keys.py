"""Passphrases, and the keys that lie under them.

An officer has a key pair of their own. Its private half is wrapped under their passphrase (Argon2id, RFC 9106: 64 MiB,
3 passes; then ChaCha20-Poly1305), and the desk's key is sealed to its public half. So a desk's key can be changed, or
opened to a new officer, without anybody else's passphrase at hand.
"""

from __future__ import annotations

import os
import secrets
import unicodedata

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4
SHORTEST = 8
"""Fewest characters of a passphrase that an officer chooses."""

# Crockford's alphabet in lower case: nothing in it is misread for something else.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS = 6
_ONCE = b"\0" * 12  # each derived key, under its own random salt, seals exactly one value


class WeakPassphrase(Exception):  # noqa: N818 - it reads as what it says
    """A passphrase is too short to protect a key."""


class Wrapped(msgspec.Struct, frozen=True, kw_only=True):
    """A secret under a passphrase, with all that it takes to open it but the passphrase."""

    wrapped: bytes
    salt: bytes
    memory_kib: int
    passes: int
    lanes: int


def new_passphrase() -> str:
    """Make a passphrase of 120 random bits, such as `h2kq-9zt4-…`: six groups of four characters."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that anybody could guess.

    Raises:
        WeakPassphrase: it is too short.
    """
    if len(passphrase) < SHORTEST:
        raise WeakPassphrase(f"a passphrase has at least {SHORTEST} characters")


def wrap(secret: str, passphrase: str, place: str) -> Wrapped:
    """Wrap a secret for one place in the store: moved elsewhere, it does not open."""
    blank = _blank()
    box = ChaCha20Poly1305(_stretch(passphrase, blank))
    return msgspec.structs.replace(blank, wrapped=box.encrypt(_ONCE, secret.encode(), place.encode()))


def unwrap(wrapped: Wrapped, passphrase: str, place: str) -> str | None:
    """Open a wrapped secret (some 0.1 s and 64 MiB), or give None where it does not open."""
    key = _stretch(passphrase, wrapped)
    try:
        return ChaCha20Poly1305(key).decrypt(_ONCE, wrapped.wrapped, place.encode()).decode()
    except InvalidTag:
        return None


def pretend(passphrase: str) -> None:
    """Do the work that opening a wrapped secret costs, where there is none: so that time tells nothing."""
    _stretch(passphrase, _blank())


def _blank() -> Wrapped:
    return Wrapped(wrapped=b"", salt=os.urandom(16), memory_kib=MEMORY_KIB, passes=PASSES, lanes=LANES)


def _stretch(passphrase: str, under: Wrapped) -> bytes:
    # The same passphrase may come composed from one keyboard and decomposed from another.
    normal = unicodedata.normalize("NFC", passphrase).encode()
    return Argon2id(
        salt=under.salt, length=32, iterations=under.passes, lanes=under.lanes, memory_cost=under.memory_kib
    ).derive(normal)
