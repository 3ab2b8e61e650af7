"""What was fixed when a tip was sent: signed with its tipster's key, whose public half names the tip.

So nobody who writes to the databases, and no desk that has the tip, puts another header, receipt or document in the
place of what was sent, nor other desks or another time.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from satark.api.tip import Envelope
from satark.identity.signatures import is_signed, name_of, signing_key

TIPSTER_USE: Final = "satark/1/tipster"
_SENT, _ARRIVED = b"satark/1/sent-tip\0", b"satark/1/arrived-tip\0"
_SIGNATURE = 64
"""Bytes of a signature."""


def hash_of_sent(envelope: Envelope) -> bytes:
    """Return the hash of what was fixed when the tip was sent, without the minute: a desk may not be told it."""
    told = (envelope.tip, envelope.header, envelope.receipt, envelope.document_sha256, envelope.tipster_verifier)
    return sha256(_SENT + _encode((*told, envelope.holders, envelope.answers_to, envelope.roster))).digest()


def signed_as_sent(envelope: Envelope, tipster_key: str) -> Envelope:
    """Return an envelope with the tipster's signatures: of what was sent, and of the minute, if there is one."""
    key = signing_key(tipster_key, TIPSTER_USE)
    has_minute = envelope.arrived or envelope.header.priority == "urgent"
    minute = key.sign(_minute(envelope)) if has_minute else b""
    return replace(envelope, sent=key.sign(hash_of_sent(envelope)) + minute)


def addressed(envelope: Envelope, holder: str) -> Envelope:
    """Return an envelope for a holder: only a desk that got the tip when it was sent is told the minute of that."""
    if holder in envelope.holders:
        return replace(envelope, desk=holder)
    return replace(envelope, desk=holder, arrived=0, sent=envelope.sent[:_SIGNATURE])


def is_as_sent(envelope: Envelope) -> bool:
    """Return whether an envelope with a tip's key says what was sent.

    A desk that was not told the minute, and renews the key, passes on none.
    """
    verifier, sent, minute = envelope.tipster_verifier, envelope.sent[:_SIGNATURE], envelope.sent[_SIGNATURE:]
    told = {envelope.desk, *(one.desk for one in envelope.changes)} <= envelope.holders.keys()
    needs_minute = envelope.arrived or (told and envelope.header.priority == "urgent")
    if envelope.tip != name_of(verifier) or (needs_minute and not is_signed(verifier, minute, _minute(envelope))):
        return False
    return is_signed(verifier, sent, hash_of_sent(envelope))


def _minute(envelope: Envelope) -> bytes:
    return _ARRIVED + _encode((envelope.tip, envelope.arrived))


_encode = msgspec.json.Encoder(order="deterministic").encode
