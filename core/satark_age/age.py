"""age files (C2SP `age.md`) for X25519 keys, and for the post-quantum keys of age 1.3.

A post-quantum key is an X25519 and an ML-KEM-768 key in one: breaking only one of the two opens nothing. A file can
have recipients of both kinds; it is then as safe as the X25519 key.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import or_, xor
from typing import Any, BinaryIO, Final
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_scalarmult_base

_VERSION: Final = b"age-encryption.org/v1\n"
_ARGUMENTS: Final = rb"[!-~]+(?: [!-~]+)*"
_BODY: Final = rb"(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n"
_STANZA: Final = re.compile(rb"-> (%b)\n(%b)" % (_ARGUMENTS, _BODY))
_HEADER: Final = re.compile(rb"%b((?:-> %b\n%b)+)--- ([A-Za-z0-9+/]{43})\n" % (_VERSION, _ARGUMENTS, _BODY))
_MOST_HEADER, _CHUNK, _TAG, _NONCE = 1 << 20, 1 << 16, 16, 16
_SECRET, _FILE_KEY, _WRAPPED = 32, 16, 32
_MLKEM_SEED, _MLKEM_PUBLIC = 64, 1184
_HPKE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_ANY_X25519: Final = X25519PrivateKey.generate()
_HPKE_INFO: Final = b"age-encryption.org/mlkem768x25519"
# Bech32 (BIP 173)
_CHARACTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_FROM_VALUES: Final = _CHARACTERS.encode().ljust(256)
_DIGITS: Final = str.maketrans(_CHARACTERS, "0123456789abcdefghijklmnopqrstuv")
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_STEPS: Final = [reduce(xor, (one for at, one in enumerate(_GENERATOR) if top >> at & 1), 0) for top in range(32)]
_CHECK: Final = 6


class X25519:
    """X25519 keys."""

    recipients, identities = "age", "AGE-SECRET-KEY-"
    stanza, share_bytes = b"X25519", 32

    @staticmethod
    def private(secret: bytes) -> X25519PrivateKey:
        """Derive the private key."""
        return X25519PrivateKey.from_private_bytes(secret)

    @staticmethod
    def public(private: X25519PrivateKey) -> tuple[bytes, X25519PublicKey]:
        """Return the public key of a private key, as bytes and as `read` returns it."""
        key = private.public_key()
        return key.public_bytes_raw(), key

    @staticmethod
    def read(public: bytes) -> X25519PublicKey:
        """Read a public key; raise a ValueError for a point of low order, too."""
        key = X25519PublicKey.from_public_bytes(public)
        _ANY_X25519.exchange(key)
        return key

    @staticmethod
    def wrap(public: X25519PublicKey, file_key: bytes) -> tuple[bytes, bytes]:
        """Wrap a file's key; return the share and the wrapped key."""
        once = X25519PrivateKey.generate()
        share = once.public_key().public_bytes_raw()
        cipher = _cipher(once.exchange(public), share + public.public_bytes_raw(), b"age-encryption.org/v1/X25519")
        return share, cipher.encrypt(bytes(12), file_key, None)

    @staticmethod
    def blank() -> tuple[bytes, bytes]:
        """Return a result like that of `wrap`, for a key that nobody has."""
        # libsodium's takes half the time of OpenSSL's; every envelope has such a stanza.
        return crypto_scalarmult_base(os.urandom(_SECRET)), os.urandom(_WRAPPED)

    @staticmethod
    def unwrap(private: X25519PrivateKey, share: bytes, wrapped: bytes) -> bytes:
        """Unwrap a file's key; raise an InvalidTag if it is for another key."""
        shared = private.exchange(X25519PublicKey.from_public_bytes(share))
        cipher = _cipher(shared, share + X25519.public(private)[0], b"age-encryption.org/v1/X25519")
        return cipher.decrypt(bytes(12), wrapped, None)


class Hybrid:
    """Post-quantum keys, with the methods of `X25519`."""

    recipients, identities = "age1pq", "AGE-SECRET-KEY-PQ-"
    stanza, share_bytes = b"mlkem768x25519", 1120

    @staticmethod
    def private(secret: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        both = hashlib.shake_256(secret).digest(_MLKEM_SEED + _SECRET)
        own = X25519PrivateKey.from_private_bytes(both[_MLKEM_SEED:])
        return MLKEM768PrivateKey.from_seed_bytes(both[:_MLKEM_SEED]), own

    @staticmethod
    def public(private: tuple[MLKEM768PrivateKey, X25519PrivateKey]) -> tuple[bytes, hpke.MLKEM768X25519PublicKey]:
        both = private[0].public_key(), private[1].public_key()
        return both[0].public_bytes_raw() + both[1].public_bytes_raw(), hpke.MLKEM768X25519PublicKey(*both)

    @staticmethod
    def read(public: bytes) -> hpke.MLKEM768X25519PublicKey:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC])
        return hpke.MLKEM768X25519PublicKey(mlkem, X25519.read(public[_MLKEM_PUBLIC:]))

    @staticmethod
    def wrap(public: hpke.MLKEM768X25519PublicKey, file_key: bytes) -> tuple[bytes, bytes]:
        sealed = _HPKE.encrypt(file_key, public, _HPKE_INFO)
        return sealed[: Hybrid.share_bytes], sealed[Hybrid.share_bytes :]

    @staticmethod
    def blank() -> tuple[bytes, bytes]:
        # A lattice's share is not distributed like random bytes. No share tells for which key it is.
        return Hybrid.wrap(_NOBODYS, bytes(_FILE_KEY))

    @staticmethod
    def unwrap(private: tuple[MLKEM768PrivateKey, X25519PrivateKey], share: bytes, wrapped: bytes) -> bytes:
        return _HPKE.decrypt(share + wrapped, hpke.MLKEM768X25519PrivateKey(*private), _HPKE_INFO)


_NOBODYS: Final = hpke.MLKEM768X25519PublicKey(
    MLKEM768PrivateKey.generate().public_key(), X25519PrivateKey.generate().public_key()
)
"""A public key whose private key was forgotten at once."""
KeyKind = type[X25519] | type[Hybrid]
Recipient = tuple[KeyKind, Any]
KINDS: tuple[KeyKind, ...] = (Hybrid, X25519)
"""The kinds of keys. New keys are of the first."""


@dataclass(frozen=True, repr=False)
class Identity:
    """A private key."""

    kind: KeyKind
    secret: bytes

    @cached_property
    def key(self) -> Any:
        """What opens files, derived from the secret: that takes as long as to open one."""
        return self.kind.private(self.secret)


_identities = WeakValueDictionary[str, Identity]()
"""Those that somebody holds, by their texts: whoever holds one has its key derived once."""


def new_identity() -> Identity:
    """Make a private key."""
    return Identity(KINDS[0], os.urandom(_SECRET))


def write_identity(identity: Identity) -> str:
    """Return a private key as text."""
    return _bech32(identity.kind.identities.lower(), identity.secret).upper()


def recipient_of(identity: Identity) -> tuple[str, Recipient]:
    """Return the recipient of a private key, as text too."""
    public, key = identity.kind.public(identity.key)
    return _bech32(identity.kind.recipients, public), (identity.kind, key)


def read_identity(text: str) -> Identity:
    """Read a private key; raise a ValueError if it is none."""
    if known := _identities.get(text):
        return known
    kind = next((one for one in KINDS if one.identities == text.rpartition("1")[0]), None)
    secret = _bech32_data(text.lower(), kind.identities.lower()) if kind and text.isupper() else b""
    if kind is None or len(secret) != _SECRET:
        raise ValueError("no private key")
    return _identities.setdefault(text, Identity(kind, secret))


@lru_cache(maxsize=256)
def read_recipient(text: str) -> Recipient:
    """Read a recipient; raise a ValueError if it is none."""
    kind = next((one for one in KINDS if one.recipients == text.rpartition("1")[0]), None)
    if kind is None:
        raise ValueError("no recipient")
    return kind, kind.read(_bech32_data(text, kind.recipients))


def encrypt(read: Callable[[int], bytes], write: Callable[[bytes], object], recipients: Iterable[Recipient]) -> None:
    """Encrypt the bytes that `read` returns. A recipient without a key stands for nobody."""
    file_key, nonce = os.urandom(_FILE_KEY), os.urandom(_NONCE)
    header = _VERSION
    for kind, public in recipients:
        share, wrapped = kind.wrap(public, file_key) if public else kind.blank()
        header += b"-> %b %b\n%b\n" % (kind.stanza, _base64(share), _base64(wrapped))  # one line: it is shorter than 64
    header += b"---"
    write(b"%b %b\n%b" % (header, _base64(_mac(file_key, header)), nonce))
    cipher = _cipher(file_key, nonce, b"payload")
    for number, chunk in _chunks(read, _CHUNK):
        write(cipher.encrypt(number, chunk, None))


def decrypt(source: BinaryIO, write: Callable[[bytes], object], identities: Iterable[Identity]) -> None:
    """Decrypt a file with one of these private keys. Trust nothing that was written before this returns.

    Raises:
        ValueError: the file is no age file. InvalidTag: no key opens the file, or it was altered.
    """
    header = line = source.readline(_MOST_HEADER)
    while line and not line.startswith(b"---") and len(header) < _MOST_HEADER:
        header += (line := source.readline(_MOST_HEADER))
    if not (found := _HEADER.fullmatch(header)):
        raise ValueError("no age file")
    stanzas = [(first.split(b" "), _bytes(body.replace(b"\n", b""))) for first, body in _STANZA.findall(found[1])]
    file_key = _unwrapped(stanzas, identities)
    if not hmac.compare_digest(_mac(file_key, header[: found.end(1) + 3]), _bytes(found[2])):
        raise InvalidTag
    cipher = _cipher(file_key, source.read(_NONCE), b"payload")
    for number, chunk in _chunks(source.read, _CHUNK + _TAG):
        plain = cipher.decrypt(number, chunk, None)
        if not plain and any(number[:-1]):
            raise InvalidTag
        write(plain)


def _unwrapped(stanzas: Iterable[tuple[list[bytes], bytes]], identities: Iterable[Identity]) -> bytes:
    for one in identities:
        for arguments, wrapped in stanzas:
            if arguments[0] != one.kind.stanza:
                continue
            share = _bytes(b" ".join(arguments[1:]))
            if len(share) != one.kind.share_bytes or len(wrapped) != _WRAPPED:
                raise ValueError("a stanza of another length")
            try:
                return one.kind.unwrap(one.key, share, wrapped)
            except InvalidTag:
                continue
    raise InvalidTag


def _chunks(read: Callable[[int], bytes], size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield chunks, each with its nonce: its number, and whether it is the last, which may be shorter."""
    number, chunk = 0, _filled(read, size)
    while following := _filled(read, size):
        yield b"%b\0" % number.to_bytes(11), chunk
        number, chunk = number + 1, following
    yield b"%b\1" % number.to_bytes(11), chunk


def _filled(read: Callable[[int], bytes], size: int) -> bytes:
    chunk = read(size)
    while len(chunk) < size and (more := read(size - len(chunk))):
        chunk += more
    return chunk


def _cipher(key: bytes, salt: bytes, info: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key))


def _mac(file_key: bytes, header: bytes) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"header").derive(file_key)
    return hmac.digest(key, header, "sha256")


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    data = b64decode(text + b"=" * (-len(text) % 4))
    if _base64(data) != text:
        raise ValueError("not in canonical base64")
    return data


def _bech32(prefix: str, data: bytes) -> str:
    size = -(-8 * len(data) // 5)
    number = values = int.from_bytes(data) << 5 * size - 8 * len(data)
    for shift, kept in _spreading(size):
        values = values & kept | (values & ~kept) << shift
    text = values.to_bytes(size).translate(_FROM_VALUES).decode()
    total = _checksum(prefix, number << 5 * _CHECK, size + _CHECK) ^ 1
    return f"{prefix}1{text}" + "".join(_CHARACTERS[total >> 5 * at & 31] for at in reversed(range(_CHECK)))


@lru_cache(maxsize=16)
def _spreading(size: int) -> list[tuple[int, int]]:
    """Return the shifts and masks that widen each character of a number from 5 bits to 8."""
    halves = [1 << at for at in reversed(range((size - 1).bit_length()))]
    return [
        (3 * half, reduce(or_, ((1 << 5 * half) - 1 << at for at in range(0, 8 * size, 16 * half)), 0))
        for half in halves
    ]


def _bech32_data(text: str, prefix: str) -> bytes:
    body = text[len(prefix) + 1 :]
    if not set(body) <= set(_CHARACTERS) or _checksum(prefix, number := _number(body), len(body)) != 1:
        raise ValueError("no Bech32, or cut or altered")
    size, padding = divmod(5 * (len(body) - _CHECK), 8)
    value = number >> 5 * _CHECK
    if value % (1 << padding) or padding >= 5:  # noqa: PLR2004 - bits of a character
        raise ValueError("not in canonical Bech32")
    return (value >> padding).to_bytes(size)


def _number(body: str) -> int:
    return int(body.translate(_DIGITS) or "0", 32)


def _checksum(prefix: str, number: int, characters: int) -> int:
    parities = [((number & bits).bit_count() & 1) << at for at, bits in enumerate(_checked_bits(characters))]
    return _checksum_of_prefix(prefix, characters) ^ sum(parities)


@lru_cache(maxsize=16)
def _checked_bits(characters: int) -> list[int]:
    """Return for each bit of a checksum the bits of `characters` characters whose parity it is: the code is linear."""
    checked = [0] * 5 * _CHECK
    effects = [1 << bit for bit in range(5)]
    for place in range(0, 5 * characters, 5):
        for bit, effect in enumerate(effects, place):
            for at in range(5 * _CHECK):
                checked[at] |= (effect >> at & 1) << bit
        effects = [_step(effect) for effect in effects]
    return checked


@lru_cache(maxsize=16)
def _checksum_of_prefix(prefix: str, characters: int) -> int:
    spread = (*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix), *[0] * characters)
    return reduce(lambda total, value: _step(total) ^ value, spread, 1)


def _step(total: int) -> int:
    return _STEPS[total >> 25] ^ (total & 0x1FFFFFF) << 5
