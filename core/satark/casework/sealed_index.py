"""A desk's sealed index: what its lists say of each tip, so that an opening need not read every tip again.

It is a cache of what the desk has verified, and only the desk's key seals and opens it. The entry of a tip opens only
with the tip's present envelope: once that is renewed or replaced, the tip is read anew; once it is erased, the entry is
deleted. An entry also says which rows it was made from: a cache that was withheld, altered or put back costs time and
hides nothing. Who acts on a tip reads the tip's rows, not the index.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from typing import Any, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec.inspect import type_info
from msgspec.structs import replace
from sqlalchemy import delete, select

from satark import __version__
from satark.api.sealing import size_class
from satark.api.tip import Envelope, Header
from satark.casework.cached_tip import CachedTip, ListedTip
from satark.casework.opened_tip import Gist, summarize
from satark.casework.related.clues import Clues
from satark.casework.search import SearchText
from satark.services import Services
from satark.store import envelopes
from satark.store.tables import tip_index
from satark.store.threads import BATCH, batches
from satark.store.unit_of_work import UnitOfWork

T = TypeVar("T")
_NONCE: Final = 12
_LEAST: Final = 1 << 16
"""Bytes to which the content of a row is padded, at least; above it, to an eighth of a doubling."""
_STEPS: Final = 8
_HEAD: Final = bytes(16)
"""The name of the row that lists the others."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What the index keeps of one tip: what a desk asks of all its tips, and packed what a page shows of few."""

    number: str
    cover: bytes
    """As in `satark.store.envelopes`."""
    digest: bytes
    rows: bytes
    """What it was made from: see `satark.casework.tip_reader.rows_of`."""
    is_unsigned: bool
    """Whether the thread has messages that nobody known to the roster signed."""
    identity: str
    """The tip's keys, as in its envelope; `packed` has them not."""
    tip_recipient: str
    revision: int
    newest: int
    """As in `TipSummary`."""
    merged_into: str
    """The number of the tip that it is merged into; empty: none."""
    is_kept: bool
    """Whether it is kept from an officer, who recused themselves from it."""
    packed: bytes
    note: bytes = b""
    """What the queue keeps with the tip."""
    shared_note: bytes = b""
    """What the queue keeps with many tips alike."""
    looks: bytes = b""
    """What officers have seen of it, as the queue keeps it."""
    packed_clues: bytes = b""
    """Empty: nobody has worked them out yet."""

    def __repr__(self) -> str:
        return "Entry(…)"

    @property
    def listed(self) -> ListedTip:
        """What lists say of the tip."""
        listed = _decode_listed(_unpacked(self.packed))
        return replace(listed, envelope=replace(listed.envelope, identity=self.identity))

    @classmethod
    def of(cls, tip: CachedTip, listed: ListedTip) -> Entry:
        """Return the entry of a tip that was read."""
        envelope, summary, work = listed.envelope, listed.summary, listed.summary.work
        made_from = envelope.header.number, tip.cover, tip.digest, tip.rows, bool(tip.unsigned)
        asked = summary.header.revision, summary.newest, work.merged_into, any(work.recused.values())
        packed = pack(replace(listed, envelope=replace(envelope, identity="")))
        return cls(*made_from, envelope.identity, envelope.tip_recipient, *asked, packed)

    @property
    def clues(self) -> Clues:
        """The tip's clues, once they were worked out."""
        return _decode_clues(_unpacked(self.packed_clues))


def pack(value: ListedTip | Clues) -> bytes:
    """Encode what an entry keeps."""
    packer = zlib.compressobj(1, zdict=_ALIKE)
    return packer.compress(_encode(value)) + packer.flush()


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj(zdict=_ALIKE).decompress(packed)


class IndexHead(msgspec.Struct, array_like=True, frozen=True):
    """How the index was made, and which rows belong to it."""

    roster: tuple[str, ...]
    """Heads of the rosters by which its messages were read."""
    parts: tuple[bytes, ...]
    """Names of its rows, the oldest first."""


class SealedIndex:
    """The sealed index of one desk. Several processes may write it: the last one counts."""

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        """`identity`: the desk's key; while it is being changed, the new one comes first."""
        self._services = services
        self._desk = services.read_keys(lambda keys: envelopes.tag(keys, "", f"index of {desk}"))
        # What a program with other fields stored stays shut.
        forms = " ".join(repr(type_info(one)) for one in (IndexHead, Entry, ListedTip))
        form = f"{__version__} {forms} {_ALIKE!r} {identity.split(maxsplit=1)[0]}"
        self._key = sha256(b"satark/1/desk index\0" + form.encode()).digest()
        self._parts: dict[bytes, frozenset[str]] = {}
        """Row → the tips that have an entry in it, the oldest row first. Of a tip's entries, the newest counts."""
        self.left_over = set[str]()
        """Tips that the desk has no more, and that have an entry still."""

    def load(self, covers: Mapping[str, bytes]) -> tuple[tuple[str, ...], dict[str, Entry]]:
        """Return the rosters of the index (see `IndexHead`), and the entries that open, by tip id.

        `covers`: as in `envelopes.tips_of`.
        """
        head, entries = self._read(_HEAD, IndexHead), dict[str, Entry]()
        for name in reversed(head.parts if head else ()):
            boxes = self._read(name, dict[str, bytes]) or {}
            self._parts = {name: frozenset(boxes), **self._parts}
            self.left_over.update(tip for tip in boxes if tip not in covers)
            for tip, box in boxes.items():  # with work for its own tips alone: there may be hundreds of rows
                cover = b"" if tip in entries else covers.get(tip)
                if cover and (opened := _unbox(self._key_of(tip, cover), box)):
                    entries[tip] = _decode_entry(opened)
        return head.roster if head else (), entries

    def save(self, roster: tuple[str, ...], entries: Mapping[str, Entry], changed: Iterable[str]) -> None:
        """Write the entries that changed. The newest row is written again until it is full, the others are not.

        `entries`: of all tips; `roster`: as in `IndexHead`.
        """
        due = set(changed).union(*(tips for tips in self._parts.values() if tips & self.left_over))
        self._parts = {name: tips for name, tips in self._parts.items() if not tips & self.left_over}
        self.left_over.clear()
        if self._parts and len(last := self._parts[[*self._parts][-1]]) + len(due) <= BATCH:
            due |= last
            self._parts.popitem()
        if sum(map(len, self._parts.values())) + len(due) > 2 * len(entries) + BATCH:
            due, self._parts = set(entries), {}
        rows = {}
        for some in batches(due & entries.keys()):
            boxes = {tip: _box(self._key_of(tip, entries[tip].cover), _encode(entries[tip])) for tip in some}
            name = secrets.token_bytes(16)
            self._parts[name], rows[name] = frozenset(boxes), self._sealed(name, boxes)
        kept = [name for name in self._parts if name not in rows]
        rows[_HEAD] = self._sealed(_HEAD, IndexHead(roster, tuple(self._parts)))
        self._services.write_now(lambda unit: self._write(unit, rows, kept))

    def _write(self, unit: UnitOfWork, rows: Mapping[bytes, bytes], kept: Iterable[bytes]) -> None:
        table = tip_index
        unit.main.execute(delete(table).where(table.c.desk == self._desk, table.c.part.not_in(kept)))
        unit.insert(table, [{"desk": self._desk, "part": name, "sealed": sealed} for name, sealed in rows.items()])

    def _read(self, name: bytes, kind: type[T]) -> T | None:
        table = tip_index
        query = select(table.c.sealed).where(table.c.desk == self._desk, table.c.part == name)
        sealed = self._services.read(lambda c: c.execute(query).scalar())
        plain = _unbox(self._key, sealed, self._desk + name) if sealed else None
        return msgspec.msgpack.decode(plain[4 : 4 + int.from_bytes(plain[:4])], type=kind) if plain else None

    def _sealed(self, name: bytes, value: object) -> bytes:
        encoded = _encode(value)
        plain = (len(encoded).to_bytes(4) + encoded).ljust(size_class(4 + len(encoded), _LEAST, _STEPS), b"\0")
        return _box(self._key, plain, self._desk + name)

    def _key_of(self, tip: str, cover: bytes) -> bytes:
        return blake2b(cover + tip.encode(), key=self._key, digest_size=32).digest()


_encode = msgspec.msgpack.Encoder().encode
_NOBODY: Final = Envelope(
    tip="", desk="", identity="", header=Header(number="", revision=1, category="", language="", received="")
)
_NOTHING: Final = ListedTip(
    envelope=_NOBODY, summary=summarize("", _NOBODY, ()), gist=Gist(), search=SearchText.of(()), thread=()
)
_ALIKE: Final = _encode(_NOTHING) + _encode(Clues())
"""What all that is packed has alike, more than half of it: the names of the fields."""
_decode_listed = msgspec.msgpack.Decoder(ListedTip).decode
_decode_clues = msgspec.msgpack.Decoder(Clues).decode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode


def _box(key: bytes, plain: bytes, about: bytes | None = None) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, about)


def _unbox(key: bytes, sealed: Any, about: bytes | None = None) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError):
        return None
