"""Switches post-quantum keys on, for tests: `pytest -p support.post_quantum tests/…`.

The keys have the form and the length of real ones, so whatever stores, sends, checks or shows a recipient meets 1,959
characters. What they encrypt with is X25519, since pyrage has no more yet: they protect nothing more than that. As age
demands, a post-quantum recipient is never mixed with another kind.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, Final

import pyrage
import pytest
from pyrage import x25519

from satark.api import sealing
from satark.api.sealing import POST_QUANTUM, KeyKind

_IDENTITIES: Final = "AGE-SECRET-KEY-PQ-"
_KEY_BYTES, _BYTES = 32, 1216
_CHARACTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class LongIdentity:
    """A private key in the form of a post-quantum one."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_str(cls, text: str) -> LongIdentity:
        """Read a private key.

        Raises:
            IdentityError: the text is no such key.
        """
        key = bech32_decoded(text.lower(), _IDENTITIES.lower())
        if key is None or len(key) != _KEY_BYTES:
            raise pyrage.IdentityError("no key")
        return cls(key)

    def __str__(self) -> str:
        return bech32_encoded(self._key, _IDENTITIES.lower()).upper()

    def to_public(self) -> str:
        """Return the recipient: its X25519 key, padded to 1,216 bytes with bytes that are derived from the key."""
        key = bech32_decoded(str(self.inner().to_public()), "age") or b""
        return bech32_encoded(_lengthened(key), POST_QUANTUM)

    def inner(self) -> x25519.Identity:
        """Return the X25519 key inside."""
        return x25519.Identity.from_str(bech32_encoded(self._key, "age-secret-key-").upper())


def long_recipient(text: str) -> x25519.Recipient:
    """Read a recipient; return the X25519 key inside.

    Raises:
        RecipientError: a character of it was lost or altered.
    """
    key = bech32_decoded(text, POST_QUANTUM)
    if key is None or key != _lengthened(key[:_KEY_BYTES]):
        raise pyrage.RecipientError("no recipient")
    return x25519.Recipient.from_str(bech32_encoded(key[:_KEY_BYTES], "age"))


LONG_KEYS: Final = KeyKind(
    identities=_IDENTITIES,
    recipient=long_recipient,
    identity=lambda text: LongIdentity.from_str(text).inner(),
    recipient_of=lambda text: LongIdentity.from_str(text).to_public(),
    generate=lambda: str(LongIdentity(secrets.token_bytes(_KEY_BYTES))),
)


@pytest.fixture(autouse=True, scope="session")
def _switched_on() -> Any:
    """Make every new key of the session a long one."""
    with pytest.MonkeyPatch.context() as patch:
        switch_on(patch)
        yield


def switch_on(patch: pytest.MonkeyPatch) -> None:
    """Make every new key a long one; X25519 keys are read as before."""
    patch.setattr(sealing, "KINDS", {POST_QUANTUM: LONG_KEYS, **sealing.KINDS})
    unmixed, encrypt = len(POST_QUANTUM), sealing.encrypt

    def of_one_kind(plain: bytes, *recipients: str) -> bytes:
        if len({recipient[:unmixed] == POST_QUANTUM for recipient in recipients}) > 1:
            raise pyrage.EncryptError("post-quantum recipients can't be mixed with others")
        return encrypt(plain, *recipients)

    patch.setattr(sealing, "encrypt", of_one_kind)


def bech32_encoded(data: bytes, prefix: str) -> str:
    """Encode bytes in Bech32 (BIP 173) without its limit of 90 characters, as age does."""
    values = _regrouped(data, 8, 5, pad=True) or []
    total = _checksum([*_expanded(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ 1
    check = [(total >> 5 * (5 - at)) & 31 for at in range(6)]
    return f"{prefix}1{''.join(_CHARACTERS[value] for value in (*values, *check))}"


def bech32_decoded(text: str, prefix: str) -> bytes | None:
    """Decode Bech32; None if the prefix differs or the text has an error."""
    found, _, body = text.rpartition("1")
    if found != prefix or not set(body) <= set(_CHARACTERS):
        return None
    values = [_CHARACTERS.index(character) for character in body]
    if _checksum([*_expanded(prefix), *values]) != 1:
        return None
    regrouped = _regrouped(values[:-6], 5, 8, pad=False)
    return None if regrouped is None else bytes(regrouped)


def _lengthened(key: bytes) -> bytes:
    return key + hashlib.shake_256(key).digest(_BYTES - _KEY_BYTES)


def _expanded(prefix: str) -> list[int]:
    return [*(ord(character) >> 5 for character in prefix), 0, *(ord(character) & 31 for character in prefix)]


def _checksum(values: Sequence[int]) -> int:
    total = 1
    for value in values:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for at, generator in enumerate(_GENERATOR):
            total ^= generator if (top >> at) & 1 else 0
    return total


def _regrouped(values: Sequence[int], bits: int, to: int, *, pad: bool) -> list[int] | None:
    held, count, made = 0, 0, []
    for value in values:
        held, count = (held << bits) | value, count + bits
        while count >= to:
            count -= to
            made.append((held >> count) & ((1 << to) - 1))
        held &= (1 << count) - 1
    if pad and count:
        made.append((held << (to - count)) & ((1 << to) - 1))
    return None if not pad and (count >= bits or held) else made
