"""Signs everything that was fixed when a tip was sent, with the tipster's key, whose public half names the tip.

So neither an attacker who writes to the databases nor a desk with the tip can replace its header, receipt, document,
desks or time. The signature covers the tip's first key too, so a desk with only a release can tell a false first key.
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


def first_key(envelope: Envelope, recipient: str = "") -> tuple[str, str]:
    """Return the recipient of a tip's first key, and the public key (hex) that verifies signatures of this key.

    `recipient`: the result's, if it is known.
    """
    if envelope.tip_recipient:
        return envelope.tip_recipient, envelope.tip_verifier
    first = envelope.identity.rpartition("\n")[2]
    return recipient or recipient_of(first), verifier_for(first, TIP_USE)


def hash_of_sent(envelope: Envelope) -> bytes:
    """Return the hash of all that was fixed when the tip was sent, but for the minute, which some desks don't know."""
    told = (envelope.tip, envelope.header, envelope.receipt, envelope.document_sha256, envelope.tipster_verifier)
    return sha256(_SENT + _encode((*told, envelope.holders, envelope.answers_to, envelope.roster))).digest()


def signed_as_sent(envelope: Envelope, tipster_key: str, first: tuple[str, str] | None = None) -> Envelope:
    """Return an envelope with the tipster's signatures of the content and, if there is one, of the minute.

    `first`: the result of `first_key`, if it is known.
    """
    key = signing_key(tipster_key, TIPSTER_USE)
    has_minute = envelope.arrived or envelope.header.priority == "urgent"
    minute = key.sign(_minute(envelope)) if has_minute else b""
    return replace(envelope, sent=key.sign(_sent(hash_of_sent(envelope), first or first_key(envelope))) + minute)


def addressed(envelope: Envelope, holder: str) -> Envelope:
    """Return an envelope for a holder. Only a desk that got the tip when it was sent is told the minute."""
    if holder in envelope.holders or envelope.tip_recipient:
        return replace(envelope, desk=holder)
    return replace(envelope, desk=holder, arrived=0, sent=envelope.sent[:_SIGNATURE])


def sent_with_release(envelope: Envelope) -> bytes:
    """Return the part of an envelope's signatures for a release: the hash, and the first key's signature."""
    return hash_of_sent(envelope) + envelope.sent[:_SIGNATURE]


def is_as_sent(envelope: Envelope, recipient: str = "") -> bool:
    """Return whether an envelope has the original content; with a release, whether it has the tip's first key.

    If a desk that was not told the minute renews the key, the new envelopes have no minute. `recipient`: what the row
    says is the first key's; it saves deriving the key. The signature covers it, and the key's own verifier.
    """
    if envelope.tip_recipient:
        return _is_sent(envelope, envelope.sent[:_HASH], envelope.sent[_HASH:])
    verifier, sent, minute = envelope.tipster_verifier, envelope.sent[:_SIGNATURE], envelope.sent[_SIGNATURE:]
    told = {envelope.desk, *(one.desk for one in envelope.changes)} <= envelope.holders.keys()
    needs_minute = envelope.arrived or (told and envelope.header.priority == "urgent")
    has_minute = not needs_minute or is_signed(verifier, minute, _minute(envelope))
    hashed = hash_of_sent(envelope)
    return has_minute and (_is_sent(envelope, hashed, sent, recipient) or _is_sent(envelope, hashed, sent))


def _is_sent(envelope: Envelope, hashed: bytes, signature: bytes, recipient: str = "") -> bool:
    verifier = envelope.tipster_verifier
    try:
        first = first_key(envelope, recipient)
    except CantOpen:  # it has no key at all
        return False
    return envelope.tip == name_of(verifier) and is_signed(verifier, signature, _sent(hashed, first))


def _sent(hashed: bytes, first: tuple[str, str]) -> bytes:
    return _SENT + _encode((hashed, first))


def _minute(envelope: Envelope) -> bytes:
    return _ARRIVED + _encode((envelope.tip, envelope.arrived))


_encode = msgspec.json.Encoder(order="deterministic").encode
