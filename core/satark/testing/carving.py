"""Carving: what a thief opens of a seized machine, with its key files, in a raw disk or in copies of its files.

A value is found wherever it begins: in rows, in free pages and blocks, in logs. It is decrypted without its tag, since
a thief needs no proof, and as far as it lies in one piece.
"""

from __future__ import annotations

import hmac
import mmap
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pyrage
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from pyrage import x25519

from satark.channel import Address
from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import EPOCH_ID, Epoch, EpochKeys

_LABELS: Final = (b"draft", b"box", b"spool")
_NONCE: Final = 12
_LONGEST: Final = 8192
_KEY: Final = re.compile(rb"AGE-SECRET-KEY-1[0-9A-Z]{58}")

Raw = bytes | mmap.mmap


class Carved(msgspec.Struct, frozen=True, kw_only=True):
    """What was opened, as far as it tells something. A test compares counts: what it holds is never printed."""

    drafts: int
    """Values with a tip's key, or with words of the tipster."""
    tips: frozenset[str]
    """Ids of handed-in tips whose document a found key opens."""
    senders: frozenset[str]
    """Names of those whose address was found, or whose look-up is in the raw bytes."""


def live_epochs(path: Path) -> list[Epoch]:
    """Read the keys in a file of epoch keys."""
    return EpochKeys.load(path, 3600, create=False).live()


def carve(
    raw: Sequence[Raw],
    edge_key: bytes,
    epochs: Sequence[Epoch],
    *,
    documents: Mapping[str, bytes],
    senders: Mapping[str, tuple[str, Collection[str]]],
    words: Collection[str],
) -> Carved:
    """Open whatever these keys open.

    Args:
        raw: disks, or copies of files.
        edge_key: 32 bytes.
        epochs: the epoch keys that the thief has.
        documents: tip id → its sealed document.
        senders: name → (account, addresses).
        words: what tipsters wrote.
    """
    opened = [plain for one in raw for plain in _opened(one, edge_key, epochs)]
    keys = {key.decode() for plain in opened for key in _KEY.findall(plain)}
    said = [word.encode() for word in words]
    drafts = sum(1 for plain in opened if _KEY.search(plain) or any(word in plain for word in said))
    tips = frozenset(tip for tip, sealed in documents.items() if any(_opens(sealed, key) for key in keys))
    found = frozenset(
        name
        for name, (account, addresses) in senders.items()
        if any(address.encode() in plain for address in addresses for plain in opened)
        or any(lookup in one for lookup in _lookups(edge_key, epochs, account, addresses) for one in raw)
    )
    return Carved(drafts=drafts, tips=tips, senders=found)


def _opened(raw: Raw, edge_key: bytes, epochs: Sequence[Epoch]) -> Iterator[bytes]:
    for epoch in epochs:
        keys = [hmac.digest(epoch.key, _derived(edge_key, label), "sha256") for label in _LABELS]
        at = raw.find(epoch.id)
        while at >= 0:
            nonce = raw[at + EPOCH_ID : at + EPOCH_ID + _NONCE]
            sealed = raw[at + EPOCH_ID + _NONCE : at + _LONGEST]
            yield from (_decrypt(key, nonce, sealed) for key in keys if len(nonce) == _NONCE)
            at = raw.find(epoch.id, at + 1)


def _decrypt(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    # RFC 8439, 2.8: the first block of the key stream makes the key of the tag, the text begins with the second.
    stream = Cipher(algorithms.ChaCha20(key, (1).to_bytes(4, "little") + nonce), mode=None)
    return stream.decryptor().update(sealed)


def _derived(edge_key: bytes, label: bytes) -> bytes:
    return hmac.digest(edge_key, b"satark/1/" + label, "sha256")


def _lookups(edge_key: bytes, epochs: Sequence[Epoch], account: str, addresses: Collection[str]) -> list[bytes]:
    """Make all under which a thief can look for a sender whose number he tries: the pseudonyms themselves too."""
    pseudonyms = [Identity(edge_key).pseudonym(account, Address(address)) for address in addresses]
    keys = [hmac.digest(epoch.key, _derived(edge_key, b"sender"), "sha256") for epoch in epochs]
    return [*pseudonyms, *(hmac.digest(key, pseudonym, "sha256") for key in keys for pseudonym in pseudonyms)]


def _opens(sealed: bytes, key: str) -> bool:
    try:
        pyrage.decrypt(sealed, [x25519.Identity.from_str(key)])
    except (pyrage.DecryptError, pyrage.IdentityError):
        return False
    return True
