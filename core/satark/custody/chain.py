"""The hash chains of the custody log: an entry's form, and how each hash follows from the last. No I/O, no key.

Each tip has a chain of its own, and so have the officers' acts (`OFFICERS`, see `satark.audit`). A row's hash covers
the previous hash, the row's position, the salted hash of its entry and the hash of the sealed entry, so no row can be
changed, swapped, inserted or removed without changing every later hash. A second chain runs through the rows of all
chains in the order of writing: removing a tip's whole chain leaves a gap there.
"""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted

Action: TypeAlias = Literal[
    "announced", "received", "sealed", "cleaned", "uncleaned", "muted", "disguised", "lost",
    "viewed", "heard", "drafted", "transcribed", "exported", "opened",
    "recused", "readmitted",
]  # fmt: skip
"""An action on a file, or a change of who has the tip.

`announced`: the tip has a file that is still to be fetched; `muted`: a copy without sound was made; `heard`: an officer
heard a disguised voice; `drafted`: a machine transcribed a voice; `opened`: an officer opened a file that needs two
officers; `recused`: an officer who knows people in the tip gave the tip up; `readmitted`: an officer gave the tip back
to the second officer.
"""

Form: TypeAlias = Literal["", "original", "clean", "muted", "preview", "disguised", "transcript"]

OFFICERS = "officers"
"""Stands for a tip's id in the rows of officers' acts. No tip has this id."""

GENESIS = hashlib.sha256(b"satark/1/audit").digest()
"""The hash before the first row of the chain through all tips."""
EMPTY = hashlib.sha256(b"").digest()
"""Hash of the content of a row that records an erasure."""


class LogEntry(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One action, sealed to the tip's key. The time of an action of the service is no more exact than the tip's."""

    action: Action
    form: Form = ""
    """The form of the file that the action concerns."""
    desk: str = ""
    """The desk, or the destination of an export; empty: the service."""
    officer: str = ""
    second: str = ""
    """The second officer, if the action needed two."""
    at: str = ""
    """When an officer acted, to the second, UTC, `YYYY-MM-DDThh:mm:ssZ`; empty for actions of the service."""
    band: str = ""
    """When the action happened, as a time bucket (`satark.identity.time_buckets.band`)."""
    mime: str = ""
    bytes: int = 0
    sha256: str = ""
    md5: str = ""
    tool: str = ""
    """Name and version of the program that made the form."""
    reason: str = ""
    salt: str
    """128 random bits, hex, so that nobody can guess an entry from its hash."""


class ChainRow(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a row that the hashes cover; all of it may be public."""

    seq: int
    """Position in the tip's chain, from 1."""
    file: str
    """The ordinal of the file; empty: the whole tip."""
    day: int
    """Days since 1970 (UTC)."""
    entry: bytes
    """SHA-256 of the entry."""
    content: bytes
    """SHA-256 of the sealed entry; for an erasure, of no bytes."""

    @property
    def is_erasure(self) -> bool:
        """Whether the row records that the file, or the whole tip, was erased. Such a row never had an entry."""
        return self.content == EMPTY


def new_salt() -> str:
    return secrets.token_hex(16)


def canonical_json(value: object) -> bytes:
    """Return JSON with sorted keys and without spaces, so that equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def commitment(entry: LogEntry) -> bytes:
    """Return the SHA-256 of an entry, which the chain contains."""
    return hashlib.sha256(canonical_json(entry)).digest()


ERASURE_RULES = ("term", "officers")
"""Rules for erasing a whole tip. `term`: its term was over; `officers`: two officers also ordered it."""


def erasure_commitment(rule: str) -> bytes:
    """Return the hash of the rule under which a whole tip was erased. It stands for an entry's hash."""
    return hashlib.sha256(f"satark/1/erased/{rule}".encode()).digest()


def erasure_rule(row: ChainRow) -> str:
    """Return the rule under which a row records the erasure of a whole tip; empty: it records none."""
    named = {erasure_commitment(rule): rule for rule in ERASURE_RULES}
    return named.get(row.entry, "") if row.is_erasure and not row.file else ""


def content_hash(sealed: bytes) -> bytes:
    """Return the SHA-256 of a sealed entry."""
    return hashlib.sha256(sealed).digest()


def tip_genesis(tip: str) -> bytes:
    """Return the hash before the first row of a tip's chain. It does not reveal the tip's id."""
    return hashlib.sha256(f"satark/1/custody/{tip}".encode()).digest()


def row_hash(before: bytes, row: ChainRow) -> bytes:
    """Return the hash of a row, given the previous hash."""
    place = f"{row.seq}/{row.file}/{row.day}/".encode()
    return hashlib.sha256(before + place + row.entry + row.content).digest()


def link_hash(before: bytes, position: int, hashed: bytes) -> bytes:
    """Return the hash of a row in the chain through all tips."""
    return hashlib.sha256(before + f"{position}/".encode() + hashed).digest()


def format_utc(now: int) -> str:
    """Format a time (Unix seconds) as entries contain it."""
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
