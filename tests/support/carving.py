"""Carving: finds data that a thief with the key files of a seized machine can decrypt, in a raw disk or in files.

A value is found wherever it begins: in rows, in free pages and blocks, in logs. It is decrypted without its tag, since
a thief needs no proof, and as far as it lies in one piece.
"""

from __future__ import annotations

import hmac
import mmap
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
from ahocorasick_rs import BytesAhoCorasick
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from satark.api.inbound import Address
from satark.api.sealing import CantOpen, decrypt
from satark.identity import epoch_keys
from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import EPOCH_ID, Epoch, EpochKeys

_IMAGE_BYTES: Final = 96 << 20
_LABELS: Final = (b"draft", b"box", b"spool")
_NONCE: Final = 12
_LONGEST: Final = 8192
_BLOCK: Final = 4096
_EMPTY: Final = bytes(_BLOCK)
_KEY: Final = re.compile(rb"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58}")

Raw = bytes | mmap.mmap


class Carved(msgspec.Struct, frozen=True, kw_only=True):
    """The values that were decrypted. Tests compare the counts; the content is never printed."""

    drafts: int
    """Number of values with a tip's key or with words of the tipster."""
    tips: frozenset[str]
    """Ids of submitted tips whose document a found key opens."""
    senders: frozenset[str]
    """Names of senders whose address was found, or whose lookup value is in the raw bytes."""


def live_epochs(path: Path) -> list[Epoch]:
    """Read the keys in a file of epoch keys."""
    return EpochKeys.load(path, 3600).live()


def epochs_in(raw: bytes) -> list[Epoch]:
    """Find the epoch keys in the bytes of a file or a disk, wherever a file of epoch keys may have stood.

    Keys that open epoch keys count, too: they began at 0.
    """
    slots = (raw[at : at + epoch_keys._SLOT] for at in range(0, len(raw), epoch_keys._SLOT))
    return [found for slot in slots if any(slot) and (found := epoch_keys._parse(slot))]


def carve(
    raw: Sequence[Raw],
    edge_key: bytes,
    epochs: Sequence[Epoch],
    *,
    documents: Mapping[str, bytes],
    senders: Mapping[str, tuple[str, Collection[str]]],
    words: Collection[str],
) -> Carved:
    """Decrypt everything that these keys open.

    Args:
        raw: disks, or copies of files.
        edge_key: 32 bytes.
        epochs: the epoch keys that the thief has.
        documents: tip id → its sealed document.
        senders: name → (account, addresses).
        words: what tipsters wrote.
    """
    written = [_without_empty_blocks(one) for one in raw]
    opened = _opened(written, edge_key, epochs)
    keys = {key.decode() for plain in opened for key in _KEY.findall(plain)}
    said = [word.encode() for word in words]
    drafts = sum(1 for plain in opened if _KEY.search(plain) or any(word in plain for word in said))
    tips = frozenset(tip for tip, sealed in documents.items() if any(_opens(sealed, key) for key in keys))
    found = frozenset(
        name
        for name, (_, addresses) in senders.items()
        if any(a.encode() in plain for a in addresses for plain in opened)
    )
    return Carved(drafts=drafts, tips=tips, senders=found | _looked_up(written, edge_key, epochs, senders))


def _without_empty_blocks(raw: Raw) -> bytes:
    """Remove blocks that were never written, which are most of a new disk. Values stay in one piece."""
    blocks = (raw[at : at + _BLOCK] for at in range(0, len(raw), _BLOCK))
    return b"".join(block for block in blocks if block != _EMPTY)


def _opened(written: Sequence[bytes], edge_key: bytes, epochs: Sequence[Epoch]) -> list[bytes]:
    """Decrypt the values after the id of an epoch. All ids are searched at once, so that a disk is read once."""
    if not epochs:
        return []
    keys = [[hmac.digest(epoch.key, _derived(edge_key, label), "sha256") for label in _LABELS] for epoch in epochs]
    ids = BytesAhoCorasick([epoch.id for epoch in epochs])
    places = (
        (raw, number, end) for raw in written for number, _, end in ids.find_matches_as_indexes(raw, overlapping=True)
    )
    return [
        _decrypt(key, raw[end : end + _NONCE], raw[end + _NONCE : end - EPOCH_ID + _LONGEST])
        for raw, number, end in places
        if end + _NONCE <= len(raw)
        for key in keys[number]
    ]


def _decrypt(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    # RFC 8439, 2.8: the first block of the key stream makes the key of the tag, the text begins with the second.
    stream = Cipher(algorithms.ChaCha20(key, (1).to_bytes(4, "little") + nonce), mode=None)
    return stream.decryptor().update(sealed)


def _derived(edge_key: bytes, label: bytes) -> bytes:
    return hmac.digest(edge_key, b"satark/1/" + label, "sha256")


def _looked_up(
    written: Sequence[bytes],
    edge_key: bytes,
    epochs: Sequence[Epoch],
    senders: Mapping[str, tuple[str, Collection[str]]],
) -> frozenset[str]:
    """Name the senders whose lookup value is in the raw bytes."""
    of = [(lookup, name) for name, (a, all_) in senders.items() for lookup in _lookups(edge_key, epochs, a, all_)]
    lookups = BytesAhoCorasick([lookup for lookup, _ in of])
    return frozenset(of[number][1] for raw in written for number, _, _ in lookups.find_matches_as_indexes(raw))


def _lookups(edge_key: bytes, epochs: Sequence[Epoch], account: str, addresses: Collection[str]) -> list[bytes]:
    """Return all values by which a thief can look up a sender whose number they guess, including the pseudonyms."""
    pseudonyms = [Identity(edge_key).pseudonym(account, Address(address)) for address in addresses]
    keys = [hmac.digest(epoch.key, _derived(edge_key, b"sender"), "sha256") for epoch in epochs]
    return [*pseudonyms, *(hmac.digest(key, pseudonym, "sha256") for key in keys for pseudonym in pseudonyms)]


def _opens(sealed: bytes, key: str) -> bool:
    try:
        decrypt(sealed, key)
    except CantOpen:
        return False
    return True


@contextmanager
def mounted(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Return an ext4 image and the folder where it is mounted. Skips the test if mounting is impossible."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    make, mount = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin"), shutil.which("mount")
    if os.getuid() or not make or not mount:
        pytest.skip("a loopback image needs root, mount and mkfs.ext4: only copies of the files are searched here")
    subprocess.run([make, "-q", image], check=True)
    if subprocess.run([mount, "-o", "loop", image, place], check=False, capture_output=True).returncode:
        pytest.skip("loopback mounts are forbidden here: only copies of the files are searched")
    try:
        yield image, place
    finally:
        if place.is_mount():
            unmount(place)


def unmount(place: Path) -> None:
    subprocess.run(["/usr/bin/umount", place], check=True)
