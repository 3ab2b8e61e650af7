"""Tickets: what stands in a page for a browser that can't work. One is good from a time on, for one purpose, once."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import struct
from typing import Final

import msgspec

_PARTS: Final = struct.Struct(">QQ16s")
_MAC: Final = 16


class Ticket(msgspec.Struct, frozen=True):
    """When a ticket is good: Unix seconds, from and until; and its random number, by which it is known when used."""

    good_from: int
    good_until: int
    number: bytes


def draw(good_from: int, good_until: int) -> Ticket:
    """Make a new ticket."""
    return Ticket(good_from, good_until, secrets.token_bytes(16))


def issue(key: bytes, purpose: str, ticket: Ticket) -> str:
    """Write a ticket: text that fits a form's field."""
    parts = _PARTS.pack(ticket.good_from, ticket.good_until, ticket.number)
    return base64.urlsafe_b64encode(parts + _mac(key, purpose, parts)).decode()


def read(key: bytes, purpose: str, text: str) -> Ticket | None:
    """Read a ticket that `issue` wrote for this purpose; None for anything else."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    parts, mac = raw[: _PARTS.size], raw[_PARTS.size :]
    if len(raw) != _PARTS.size + _MAC or not hmac.compare_digest(mac, _mac(key, purpose, parts)):
        return None
    return Ticket(*_PARTS.unpack(parts))


def _mac(key: bytes, purpose: str, parts: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + parts, "sha256")[:_MAC]
