"""Delay tickets, for browsers without JavaScript: each is valid after a delay, for one purpose, once."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import struct
from typing import Final

import msgspec

_LAYOUT: Final = struct.Struct(">QQ16s")
_MAC_BYTES: Final = 16


class DelayTicket(msgspec.Struct, frozen=True):
    """A ticket: when it is valid, in Unix seconds, and a random nonce that shows whether the ticket was used."""

    valid_from: int
    valid_until: int
    nonce: bytes


def new_ticket(valid_from: int, valid_until: int) -> DelayTicket:
    """Create a ticket."""
    return DelayTicket(valid_from, valid_until, secrets.token_bytes(16))


def write_ticket(key: bytes, purpose: str, ticket: DelayTicket) -> str:
    """Encode and sign a ticket for a form's field."""
    parts = _LAYOUT.pack(ticket.valid_from, ticket.valid_until, ticket.nonce)
    return base64.urlsafe_b64encode(parts + _mac(key, purpose, parts)).decode()


def read_ticket(key: bytes, purpose: str, text: str) -> DelayTicket | None:
    """Decode a ticket that `write_ticket` signed for this purpose. None: anything else."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    parts, mac = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    if len(raw) != _LAYOUT.size + _MAC_BYTES or not hmac.compare_digest(mac, _mac(key, purpose, parts)):
        return None
    return DelayTicket(*_LAYOUT.unpack(parts))


def _mac(key: bytes, purpose: str, parts: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + parts, "sha256")[:_MAC_BYTES]
