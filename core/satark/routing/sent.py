"""What was fixed when a tip was sent: signed with its tipster's key, whose public half names the tip.

So nobody who writes to the databases, and no desk that has the tip, puts another header, receipt or document in the
place of what was sent, nor other desks or another time. The signature covers the tip's first key too, so a desk with a
release alone can tell this key from one that somebody made up.
"""

from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from satark.api.sealing import CantOpen, recipient_of
from satark.api.tip import Envelope
from satark.identity.signatures import is_signed, name_of, signing_key, verifier_for

TIP_USE: Final = "satark/1/tip"
TIPSTER_USE: Final = "satark/1/tipster"
_SENT, _ARRIVED = b"satark/1/sent-tip\0", b"satark/1/arrived-tip\0"
_SIGNATURE, _HASH = 64, 32
"""Bytes of a signature, and of a hash."""


def first_key(envelope: Envelope) -> tuple[str, str]:
    """Return the recipient of a tip's first key, and the public key (hex) that verifies what this key signs."""
    if envelope.tip_recipient:
        return envelope.tip_recipient, envelope.tip_verifier
    first = envelope.identity.rpartition("\n")[2]
    return recipient_of(first), verifier_for(first, TIP_USE)


def hash_of_sent(envelope: Envelope) -> bytes:
    """Return the hash of what was fixed when the tip was sent, without the minute: a desk may not be told it."""
    told = (envelope.tip, envelope.header, envelope.receipt, envelope.document_sha256, envelope.tipster_verifier)
    return sha256(_SENT + _encode((*told, envelope.holders, envelope.answers_to, envelope.roster))).digest()


def signed_as_sent(envelope: Envelope, tipster_key: str, first: tuple[str, str] | None = None) -> Envelope:
    """Return an envelope with the tipster's signatures: of what was sent, and of the minute, if there is one.

    `first`: as `first_key` returns it, where it is known.
    """
    key = signing_key(tipster_key, TIPSTER_USE)
    has_minute = envelope.arrived or envelope.header.priority == "urgent"
    minute = key.sign(_minute(envelope)) if has_minute else b""
    return replace(envelope, sent=key.sign(_sent(hash_of_sent(envelope), first or first_key(envelope))) + minute)


def addressed(envelope: Envelope, holder: str) -> Envelope:
    """Return an envelope for a holder: only a desk that got the tip when it was sent is told the minute of that."""
    if holder in envelope.holders or envelope.tip_recipient:
        return replace(envelope, desk=holder)
    return replace(envelope, desk=holder, arrived=0, sent=envelope.sent[:_SIGNATURE])


def sent_with_release(envelope: Envelope) -> bytes:
    """Return what a release has of an envelope's signatures: with the hash, that of the tip's first key."""
    return hash_of_sent(envelope) + envelope.sent[:_SIGNATURE]


def is_as_sent(envelope: Envelope) -> bool:
    """Return whether an envelope with a tip's key says what was sent, and one with a release has the tip's first key.

    A desk that was not told the minute, and renews the key, passes on none.
    """
    if envelope.tip_recipient:
        return _is_sent(envelope, envelope.sent[:_HASH], envelope.sent[_HASH:])
    verifier, sent, minute = envelope.tipster_verifier, envelope.sent[:_SIGNATURE], envelope.sent[_SIGNATURE:]
    told = {envelope.desk, *(one.desk for one in envelope.changes)} <= envelope.holders.keys()
    needs_minute = envelope.arrived or (told and envelope.header.priority == "urgent")
    has_minute = not needs_minute or is_signed(verifier, minute, _minute(envelope))
    return has_minute and _is_sent(envelope, hash_of_sent(envelope), sent)


def _is_sent(envelope: Envelope, hashed: bytes, signature: bytes) -> bool:
    verifier = envelope.tipster_verifier
    try:
        first = first_key(envelope)
    except CantOpen:  # it has no key at all
        return False
    return envelope.tip == name_of(verifier) and is_signed(verifier, signature, _sent(hashed, first))


def _sent(hashed: bytes, first: tuple[str, str]) -> bytes:
    return _SENT + _encode((hashed, first))


def _minute(envelope: Envelope) -> bytes:
    return _ARRIVED + _encode((envelope.tip, envelope.arrived))


_encode = msgspec.json.Encoder(order="deterministic").encode
