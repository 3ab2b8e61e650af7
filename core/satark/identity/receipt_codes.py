"""Receipts: the 16-digit codes that are a tipster's only key to their tip.

A code has 53 bits. Only a result of Argon2id is stored, under a salt that is derived from the edge key: one half of the
result is a look-up, the other half opens the row that the look-up finds. A thief of the database alone can't even begin
to guess. A thief who also has the edge key pays 4 MiB and some milliseconds of memory-hard work for each of 2^53
guesses. (With a cheap look-up and a salt for each tip, that thief would find every valid code with HMAC in days.)
"""

import asyncio
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.encoding import RawEncoder
from nacl.pwhash import argon2id

from satark.api.observability import Redacted
from satark.api.sealing import new_identity
from satark.api.tip import RECEIPT_DIGITS
from satark.identity.edge_key import Identity
from satark.identity.random_bytes import random_bytes
from satark.identity.stock import Stock
from satark_files.decoding import DECODING_ERRORS

MEMORY_KIB = 4 * 1024
ITERATIONS = 1

_ONCE = b"\0" * 12  # each wrapping key seals exactly one value, so its nonce may be fixed


class OpenedReceipt(Redacted, frozen=True, kw_only=True):
    tip: str
    number: str
    language: str
    root: bytes
    """Encoded `routing.tip_keys.TipRoot`, from which the tip's present key is derived. It has one size for all tips."""
    identity: str
    """The age identity that opens the desks' messages to the tipster. It is stored nowhere else."""


class CodeKey(Redacted, frozen=True):
    """The look-up and the key that Argon2id derives from a code."""

    lookup: bytes
    wrap: bytes

    def seal(self, opened: OpenedReceipt) -> bytes:
        return self.lock(_encode(opened))

    def open(self, sealed: bytes) -> OpenedReceipt | None:
        """Decrypt the receipt's values; None: the row was altered."""
        try:
            return _decode(self.unlock(sealed) or b"")
        except DECODING_ERRORS:
            return None

    def lock(self, plain: bytes) -> bytes:
        """Encrypt a single value that the code opens."""
        return ChaCha20Poly1305(self.wrap).encrypt(_ONCE, plain, self.lookup)

    def unlock(self, sealed: bytes) -> bytes | None:
        """Decrypt a single value; None: the row was altered."""
        try:
            return ChaCha20Poly1305(self.wrap).decrypt(_ONCE, sealed, self.lookup)
        except InvalidTag:
            return None


class FreshCode(Redacted, frozen=True):
    """A fresh code and its key, and the age key to which the desks' messages to the tipster are sealed."""

    code: str
    key: CodeKey
    recipient: str
    identity: str


class CodeStock(Stock[FreshCode]):
    """Makes codes with `digits` digits, `ahead` of them in advance: the memory-hard work takes about 3 ms each."""

    def __init__(self, identity: Identity, *, digits: int = RECEIPT_DIGITS, ahead: int) -> None:
        super().__init__(self._fresh, ahead=ahead, name="satark-codes")
        self._identity = identity
        self._digits = digits
        self._look_ups = ThreadPoolExecutor(1, thread_name_prefix="satark-look-ups")

    async def key(self, code: str) -> CodeKey:
        """Do the memory-hard work for a code that somebody entered. Only one such code is worked on at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._look_ups, derive, code, self._identity)

    def close(self) -> None:
        super().close()
        self._look_ups.shutdown(wait=False, cancel_futures=True)

    def _fresh(self) -> FreshCode:
        code = f"{secrets.randbelow(10**self._digits):0{self._digits}}"
        return FreshCode(code, derive(code, self._identity), *new_identity())


def derive(code: str, identity: Identity) -> CodeKey:
    """Do the memory-hard work for a code: about 2 ms and 4 MiB. Other threads can run meanwhile."""
    # libsodium's takes two thirds of the time of OpenSSL's, for the same output.
    stretched = argon2id.kdf(
        32, code.encode(), identity.receipt_salt, opslimit=ITERATIONS, memlimit=MEMORY_KIB * 1024, encoder=RawEncoder
    )
    lookup = hmac.digest(identity.receipt_lookup, stretched, "sha256")[:16]
    return CodeKey(lookup, hmac.digest(stretched, b"satark/1/receipt", "sha256"))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(OpenedReceipt).decode


# No 0, O, 1, I, L, U: they are misread, misheard, or make words.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_ALPHABET = _LETTERS + "23456789"


def new_number() -> str:
    """Return a random tip number, such as `K4Q7-2XPM`. Its letters distinguish it from a receipt code."""
    # One draw, of so many bits that no number is likelier than another by more than one part in 2^80.
    drawn, first = divmod(int.from_bytes(random_bytes(16)), len(_LETTERS))
    number = _LETTERS[first]
    for _ in range(7):
        drawn, next_ = divmod(drawn, len(_ALPHABET))
        number += _ALPHABET[next_]
    return f"{number[:4]}-{number[4:]}"
