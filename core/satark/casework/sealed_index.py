"""A desk's sealed index: the listed values of each tip, so that opening the desk need not read every tip again.

The index is a cache of verified values, and only the desk's key seals and opens it. A tip's entry opens only with the
tip's present envelope. Once that envelope is renewed or replaced, the tip is read anew; once it is erased, the entry is
deleted. An entry also names the rows that it was made from: a cache that was withheld, altered or put back costs time
and hides nothing. Acts on a tip read the tip's rows, not the index.

Opening the desk reads the entries of a row together, under one key that is derived from the envelopes of all its tips.
If one of these envelopes is gone, as after an erasure, that key is lost, and each other entry opens with its own
envelope. Values that only few pages show stay in the row until a page shows them.
"""

import secrets
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b, sha256
from itertools import islice
from typing import Any, Final, Self, TypeVar

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
from satark.store import bulk, envelopes
from satark.store.tables import tip_index
from satark.store.threads import batches
from satark.store.unit_of_work import UnitOfWork

T = TypeVar("T")
_NONCE: Final = 12
_TIPS: Final = 200
"""Most tips in a row of the index: a page that shows one of them reads the row."""
_LEAST: Final = 1 << 16
"""Smallest size in bytes to which a row's content is padded. Larger sizes are padded to an eighth of a doubling."""
_STEPS: Final = 8
_HEAD: Final = bytes(16)
"""Name of the row that lists the others."""
_ROWS: Final = 50
"""Number of rows that are read at a time when a desk is opened."""
_MOST_HELD: Final = 32
"""Most rows that are kept in memory because pages show their tips."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """The index's values of one tip: those that all pages need and, packed, those that few pages need."""

    number: str
    rows: bytes
    """State of the rows that it was made from: see `satark.casework.tip_reader.rows_of`."""
    is_unsigned: bool
    """Whether the thread has messages without a signature that the roster knows."""
    tip_recipient: str
    identity: str
    """The keys of a release, as in its envelope; empty: the desk has the tip itself."""
    revision: int
    newest: int
    """As in `TipSummary`."""
    merged_into: str
    """The number of the tip that this tip is merged into; empty: none."""
    is_kept: bool
    """Whether the tip is hidden from an officer who recused themselves."""
    may_flood: bool
    """Whether the tip can be part of a flood: it is unfinished and not urgent."""
    note: bytes = b""
    """A note of the queue about the tip."""
    shared_note: bytes = b""
    """A note of the queue that many tips share."""
    looks: bytes = b""
    """The parts of the tip that officers have seen, as the queue records them."""
    packed_clues: bytes = b""
    """The tip's packed clues. Empty: not computed yet."""
    packed: bytes = b""
    """The digest of the tip's envelope, then its listed values; empty: its row has them."""
    cover: bytes = b""
    """As in `satark.store.envelopes`. It is in no row."""
    row: bytes = b""
    """The row that has this entry; empty: no row has its present form."""

    def __repr__(self) -> str:
        return "Entry(…)"

    @classmethod
    def of(cls, tip: CachedTip, listed: ListedTip) -> Self:
        envelope, summary, work = listed.envelope, listed.summary, listed.summary.work
        identity = envelope.identity if envelope.tip_recipient else ""
        asked = summary.header.revision, summary.newest, work.merged_into, any(work.recused.values())
        may_flood = not work.finished and summary.header.priority != "urgent"
        made_from = envelope.header.number, tip.rows, bool(tip.unsigned), envelope.tip_recipient, identity
        return cls(*made_from, *asked, may_flood, packed=tip.digest + pack(listed), cover=tip.cover)


def pack(value: ListedTip | Clues) -> bytes:
    """Encode a packed value of an entry."""
    packer = zlib.compressobj(1, zdict=_ALIKE)
    return packer.compress(_encode(value)) + packer.flush()


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj(zdict=_ALIKE).decompress(packed)


class IndexHead(msgspec.Struct, array_like=True, frozen=True):
    """Describes the index: how it was made, and which rows belong to it."""

    roster: tuple[str, ...]
    """Heads of the rosters with which the tip's messages were read."""
    parts: tuple[bytes, ...]
    """Names of the index's rows, the oldest first."""


class IndexRow(msgspec.Struct, array_like=True, frozen=True):
    """Entries of some tips. A row beside it has each one whole, in a box under a key from the tip's envelope."""

    tips: tuple[str, ...]
    together: bytes
    """All entries without their packed values, under a key that is derived from all their envelopes."""


class SealedIndex:
    """The sealed index of one desk. Several processes may write it; the last write counts."""

    def __init__(self, services: Services, desk: str, identity: str) -> None:
        """`identity`: the desk's key; while it is being changed, the new one comes first."""
        self._services = services
        self._desk = services.read_keys(lambda keys: envelopes.tag(keys, "", f"index of {desk}"))
        # What a program with other fields stored stays shut.
        forms = " ".join(repr(type_info(one)) for one in (IndexHead, IndexRow, Entry, ListedTip))
        form = f"{__version__} {forms} {_ALIKE!r} {identity.split(maxsplit=1)[0]}"
        self._key = sha256(b"satark/1/desk index\0" + form.encode()).digest()
        self._parts: dict[bytes, tuple[str, ...]] = {}
        """Row → the tips that have an entry in it, the oldest row first. A tip's newest entry counts."""
        self._held: OrderedDict[bytes, dict[str, bytes]] = OrderedDict()
        """Boxes of the rows that pages read last, by tip id."""
        self._apart = set[bytes]()
        """Rows whose entries did not open together."""
        self.left_over = set[str]()
        """Tips that the desk no longer has but that still have an entry."""

    @property
    def is_due(self) -> bool:
        """Whether rows must be written again even if little has changed."""
        return bool(self._apart or self.left_over)

    def load(self, covers: Mapping[str, bytes]) -> tuple[tuple[str, ...], dict[str, Entry]]:
        """Return the rosters of the index (see `IndexHead`), and the entries that open, by tip id.

        `covers`: as in `envelopes.tips_of`.
        """
        head, entries, parts = self._read(_HEAD, IndexHead), dict[str, Entry](), dict[bytes, tuple[str, ...]]()
        shared = dict[bytes, bytes]()
        for name, row in self._read_all(reversed(head.parts if head else ())):
            parts[name] = row.tips
            for tip, entry in self._opened(name, row, covers):
                if entries.setdefault(tip, entry) is entry:
                    entry.cover, entry.row = covers[tip], name
                    entry.shared_note = shared.setdefault(entry.shared_note, entry.shared_note)
        self._parts = dict(reversed(parts.items()))
        return head.roster if head else (), entries

    def _opened(self, name: bytes, row: IndexRow, covers: Mapping[str, bytes]) -> Iterator[tuple[str, Entry]]:
        its = [covers.get(tip, b"") for tip in row.tips]
        together = open_box(self._key_of(row.tips, b"".join(its)), row.together) if all(its) else None
        if together is not None:
            yield from zip(row.tips, _decode_entries(together), strict=True)
            return
        self._apart.add(name)
        for tip, box in self._boxes(name, row.tips).items():
            if (cover := covers.get(tip)) and (opened := open_box(self._key_of((tip,), cover), box)):
                yield tip, without_rest(_decode_entry(opened))

    def with_rest(self, tip: str, entry: Entry) -> Entry:
        """Return an entry with the packed values from its row, if the row still exists."""
        if entry.packed:
            return entry
        box = self._boxes(entry.row, self._parts.get(entry.row, ())).get(tip, b"")
        if (opened := open_box(self._key_of((tip,), entry.cover), box)) is None:
            return entry
        stored = _decode_entry(opened)
        return replace(entry, packed=stored.packed, packed_clues=entry.packed_clues or stored.packed_clues)

    def _boxes(self, name: bytes, tips: Iterable[str]) -> dict[str, bytes]:
        if not (found := self._held.pop(name, None)):
            found = dict(zip(tips, self._read(self._beside(name), list[bytes]) or [], strict=False))
        self._held[name] = found
        if len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return found

    def save(self, roster: tuple[str, ...], entries: Mapping[str, Entry], changed: Iterable[str]) -> None:
        """Write the entries that changed. Only the newest row is written again, until it is full.

        `entries`: those of all tips; `roster`: as in `IndexHead`.
        """
        parts = {
            name: tips
            for name, tips in self._parts.items()
            if name not in self._apart and self.left_over.isdisjoint(tips)
        }
        due = set(changed).union(*(self._parts[name] for name in self._parts.keys() - parts.keys()))
        if parts and len(last := parts[[*parts][-1]]) + len(due) <= _TIPS:
            due.update(last)
            parts.popitem()
        if sum(map(len, parts.values())) + len(due) > 2 * len(entries) + _TIPS:
            due, parts = set(entries), {}
        in_order = sorted(due & entries.keys(), key=lambda tip: entries[tip].row)  # so that each row is read once
        whole = ((tip, self.with_rest(tip, entries[tip])) for tip in in_order)
        kept, rows, every = list(parts), dict[bytes, bytes](), (one for one in whole if one[1].packed)
        while some := dict(islice(every, _TIPS)):
            name = secrets.token_bytes(16)
            parts[name], row, boxes = tuple(some), *self._rows_of(some)
            rows |= {one: self._sealed(one, its) for one, its in ((name, row), (self._beside(name), boxes))}
        rows[_HEAD] = self._sealed(_HEAD, IndexHead(roster, tuple(parts)))
        self._services.write_now(lambda unit: self._write(unit, rows, kept))
        self._parts, self._apart = parts, set()
        self.left_over.clear()
        for name in parts.keys() & rows.keys():
            for tip in parts[name]:
                entries[tip].row, entries[tip].packed, entries[tip].packed_clues = name, b"", b""

    def _rows_of(self, entries: Mapping[str, Entry]) -> tuple[IndexRow, list[bytes]]:
        tips = tuple(entries)
        stored = {tip: replace(one, cover=b"", row=b"") for tip, one in entries.items()}
        together = _encode([*map(without_rest, stored.values())])
        boxes = [seal_box(self._key_of((tip,), entries[tip].cover), _encode(one)) for tip, one in stored.items()]
        covers = b"".join(one.cover for one in entries.values())
        return IndexRow(tips, seal_box(self._key_of(tips, covers), together)), boxes

    def _write(self, unit: UnitOfWork, rows: Mapping[bytes, bytes], kept: Sequence[bytes]) -> None:
        table, mine = tip_index, tip_index.c.desk == self._desk
        known = set(unit.main.execute(select(table.c.part).where(mine)).scalars())
        for some in batches(known.difference(kept, map(self._beside, kept))):
            unit.main.execute(delete(table).where(mine, table.c.part.in_(some)))
        unit.insert(table, [{"desk": self._desk, "part": name, "sealed": sealed} for name, sealed in rows.items()])

    def _read_all(self, names: Iterable[bytes]) -> Iterator[tuple[bytes, IndexRow]]:
        for some in batches(names, _ROWS):
            sealed = self._sealed_rows(some)
            read = ((name, self._unsealed(name, sealed.get(name), IndexRow)) for name in some)
            yield from ((name, row) for name, row in read if row)

    def _read(self, name: bytes, kind: type[T]) -> T | None:
        return self._unsealed(name, self._sealed_rows([name]).get(name), kind)

    def _sealed_rows(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        table = tip_index
        query = select(table.c.part, table.c.sealed).where(table.c.desk == self._desk, table.c.part.in_(names))
        return self._services.read(lambda c: dict(bulk.stream(c, query)))

    def _unsealed(self, name: bytes, sealed: bytes | None, kind: type[T]) -> T | None:
        plain = open_box(self._key, sealed, self._desk + name) if sealed else None
        its = memoryview(plain or b"")[4 : 4 + int.from_bytes((plain or b"")[:4])]
        return msgspec.msgpack.decode(its, type=kind) if its else None

    def _sealed(self, name: bytes, value: object) -> bytes:
        encoded = _encode(value)
        plain = (len(encoded).to_bytes(4) + encoded).ljust(size_class(4 + len(encoded), _LEAST, _STEPS), b"\0")
        return seal_box(self._key, plain, self._desk + name)

    def _beside(self, name: bytes) -> bytes:
        """Return the name of the row that has the boxes of a row."""
        return blake2b(name, key=self._key, digest_size=16).digest()

    def _key_of(self, tips: tuple[str, ...], covers: bytes) -> bytes:
        return blake2b(covers + "".join(tips).encode(), key=self._key, digest_size=32).digest()


def without_rest(entry: Entry) -> Entry:
    """Return an entry without the packed values that its row has."""
    return replace(entry, packed=b"", packed_clues=b"")


def unpack(packed: bytes) -> tuple[bytes, ListedTip]:
    """Return the digest of a tip's envelope, and the tip's listed values."""
    return packed[:_DIGEST], _decode_listed(_unpacked(packed[_DIGEST:]))


def unpack_clues(packed: bytes) -> Clues:
    return _decode_clues(_unpacked(packed))


_DIGEST: Final = 16
_encode = msgspec.msgpack.Encoder().encode
_NOBODY: Final = Envelope(
    tip="", desk="", identity="", header=Header(number="", revision=1, category="", language="", received="")
)
_NOTHING: Final = ListedTip(
    envelope=_NOBODY, summary=summarize("", _NOBODY, ()), gist=Gist(), search=SearchText.of(()), thread=()
)
_ALIKE: Final = _encode(_NOTHING) + _encode(Clues())
"""Compression dictionary: the names of the fields, which make up more than half of a packed value."""
_decode_listed = msgspec.msgpack.Decoder(ListedTip).decode
_decode_clues = msgspec.msgpack.Decoder(Clues).decode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode
_decode_entries = msgspec.msgpack.Decoder(list[Entry]).decode


def seal_box(key: bytes, plain: bytes, about: bytes | None = None) -> bytes:
    """Encrypt a value under a key. `about` names its place: the box opens in no other."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, about)


def open_box(key: bytes, sealed: Any, about: bytes | None = None) -> bytes | None:
    """Open a box of `seal_box`. None: it has another key or place, or was altered."""
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError):
        return None
