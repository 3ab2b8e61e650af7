"""What a pack says of itself: the hash report, as canonical JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final, Literal

import msgspec

from satark.redacted import Redacted

FORMAT: Final = "satark-pack/1"
_IST: Final = timezone(timedelta(hours=5, minutes=30))


class Issuer(Redacted, frozen=True, kw_only=True):
    """Who signs Part A, and for which server; what is empty is left blank on the form."""

    name: str = ""
    office: str = ""
    place: str = ""
    make: str = ""
    color: str = ""
    serial: str = ""
    device: str = ""
    """The server's own UID or MAC; never anything of a tipster's device."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a pack, hashed as it was copied there."""

    item_no: int
    file: str
    """The ordinal of the file in the tip."""
    role: Literal["original", "scrubbed", "transcript"]
    filename: str
    bytes: int
    mime: str
    sha256: str
    md5: str
    derived_from: int
    """The item that it was made from; 0 where that is not in the pack."""
    tool: str
    """What made it, and in which version."""
    utc: str
    ist: str
    prev_chain_hash: str
    """The hash before the custody row that says that it was exported, hex."""


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is not in the pack, since it identifies the one who sent it."""

    file: str
    bytes: int
    mime: str
    sha256: str
    why: Literal["own-voice"] = "own-voice"


class Manifest(Redacted, frozen=True, kw_only=True):
    """What a pack holds."""

    format: str = FORMAT
    number: str
    desk: str
    channel: Literal["chat", "sms", "voice", "web"]
    received: str
    """Coarse: date and six-hour band (UTC)."""
    utc: str
    """When it was exported."""
    ist: str
    issuer: Issuer
    items: tuple[Item, ...]
    withheld: tuple[Withheld, ...]
    custody: str
    """SHA-256 of `custody.json`, hex."""
    head: str
    """The last hash of the custody log, hex."""
    official_confidence: bool = True


def ist(utc: str) -> str:
    """Indian Standard Time of a moment, as the form wants it: `24/11/2026 14:30:05`."""
    return f"{datetime.fromisoformat(utc).astimezone(_IST):%d/%m/%Y %H:%M:%S}"
