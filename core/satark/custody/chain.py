"""The custody chain: what an entry is, and how each hash follows from the one before. Pure, and without any key.

Every tip has a chain of its own. A row's hash covers the hash before it, its place, the salted hash of its entry and
the hash of the entry as it is sealed; so rows can't be changed, swapped, put in or taken out without every later hash
changing too. A second chain runs through the rows of all tips in the order in which they were written: a tip whose
whole chain is taken away leaves a gap there.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec

from satark.redacted import Redacted

Act: TypeAlias = Literal[
    "received", "sealed", "cleaned", "uncleaned", "disguised", "lost",
    "viewed", "heard", "drafted", "transcribed", "exported", "opened",
]  # fmt: skip
"""What happened to a file. `heard`: a disguised voice; `drafted`: a machine wrote out a voice;
`opened`: what takes two officers."""

Form: TypeAlias = Literal["", "original", "clean", "preview", "disguised", "transcript"]

ORIGIN = hashlib.sha256(b"satark/1/audit").digest()
"""What goes before the first row of the chain through all tips."""
_EMPTY = hashlib.sha256(b"").digest()


class Entry(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One act, sealed to the tip's key. What a machine did at take-in has no time finer than the tip's own."""

    act: Act
    form: Form = ""
    """Which form of the file it was done to."""
    desk: str = ""
    """The desk that did it; empty: the intake."""
    officer: str = ""
    second: str = ""
    """The other officer, where it took two."""
    at: str = ""
    """When an officer did it, to the second, UTC, `YYYY-MM-DDThh:mm:ssZ`; empty for what the intake did."""
    band: str = ""
    """When, coarsely (`satark.time_buckets.band`)."""
    mime: str = ""
    bytes: int = 0
    sha256: str = ""
    md5: str = ""
    tool: str = ""
    """What made it, and in which version."""
    reason: str = ""
    salt: str
    """128 random bits, hex: the hash of an entry tells nothing of it to whoever guesses."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the chain sees it: all of it may be public."""

    seq: int
    """Its place in the tip's chain, 1 for the first."""
    file: str
    """The ordinal of the file; empty: the whole tip."""
    day: int
    """Days since 1970 (UTC)."""
    entry: bytes
    """SHA-256 of the entry."""
    content: bytes
    """SHA-256 of the entry as it is sealed; of nothing for an erasure."""

    @property
    def erasure(self) -> bool:
        """Whether the row says that the file, or the whole tip, was erased. Such a row never had an entry."""
        return self.content == _EMPTY


def salted() -> str:
    """Make the salt of an entry."""
    return secrets.token_hex(16)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no space: one value, one text."""
    return msgspec.json.encode(value, order="sorted")


def commitment(entry: Entry) -> bytes:
    """The SHA-256 of an entry, which the chain holds."""
    return hashlib.sha256(canonical(entry)).digest()


def content_hash(sealed: bytes) -> bytes:
    """The SHA-256 of an entry as it is sealed."""
    return hashlib.sha256(sealed).digest()


def erasure(seq: int, file: str, day: int) -> Row:
    """The row that says that a file, or the whole tip, was erased."""
    return Row(seq=seq, file=file, day=day, entry=_EMPTY, content=_EMPTY)


def start(tip: str) -> bytes:
    """What goes before the first row of a tip's chain. It does not lead back to the tip's id."""
    return hashlib.sha256(f"satark/1/custody/{tip}".encode()).digest()


def step(before: bytes, row: Row) -> bytes:
    """The hash of a row, given the hash before it."""
    place = f"{row.seq}/{row.file}/{row.day}/".encode()
    return hashlib.sha256(before + place + row.entry + row.content).digest()


def link(before: bytes, position: int, row_hash: bytes) -> bytes:
    """The hash of a row in the chain through all tips."""
    return hashlib.sha256(before + f"{position}/".encode() + row_hash).digest()


def moment(now: int) -> str:
    """A moment (Unix seconds) as entries have it."""
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
