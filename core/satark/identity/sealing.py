"""Tip keys, envelopes and everything that is encrypted to them. One format: age with X25519 (age-encryption.org/v1)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import pyrage
from pyrage import x25519

from satark.decoding import DECODING_ERRORS
from satark.tip import Envelope, Evidence, Message, Tip

T = TypeVar("T")


class CantOpen(Exception):  # noqa: N818 - it reads as what it says
    """A ciphertext does not open with this key, was altered, or belongs to another tip, desk or revision."""


def new_identity() -> tuple[str, str]:
    """Make a fresh key pair: (recipient `age1…`, identity `AGE-SECRET-KEY-1…`)."""
    identity = x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def recipient_of(identity: str) -> str:
    """Give the recipient that an identity opens for."""
    return str(x25519.Identity.from_str(identity).to_public())


def check_recipient(recipient: str) -> None:
    """Make sure that something can be sealed to a recipient.

    Raises:
        CantOpen: it is not an age recipient.
    """
    try:
        x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise CantOpen("it is not an age recipient") from None


def check_identity(identity: str) -> None:
    """Make sure that something is one private key, or several, one a line.

    Raises:
        CantOpen: it is not.
    """
    try:
        found = [x25519.Identity.from_str(one) for one in identity.split()]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise CantOpen("it is no age identity")


def seal(value: object, *recipients: str) -> bytes:
    """Encrypt a value (as JSON) to one or more recipients."""
    keys = [x25519.Recipient.from_str(recipient) for recipient in recipients]
    return pyrage.encrypt(_encode(value), keys)


def open_as(kind: type[T], sealed: bytes, identity: str) -> T:
    """Decrypt a value that `seal` made. `identity` may be several, one a line: a key and those that it replaced.

    Raises:
        CantOpen: the key is another, the ciphertext was altered, or it holds something else.
    """
    try:
        plain = pyrage.decrypt(sealed, [x25519.Identity.from_str(one) for one in identity.split()])
        return _decoder(kind).decode(plain)
    except (pyrage.DecryptError, pyrage.IdentityError, *DECODING_ERRORS):
        raise CantOpen("it does not open with this key") from None


def open_envelope(sealed: bytes, identity: str, *, tip: str, desk: str) -> Envelope:
    """Open a desk's envelope and check that it is this tip's and this desk's.

    Raises:
        CantOpen: it is not.
    """
    envelope = open_as(Envelope, sealed, identity)
    if envelope.tip != tip or envelope.desk != desk:
        raise CantOpen("the envelope belongs to another tip or desk")
    return envelope


def open_tip(sealed: bytes, envelope: Envelope) -> Tip:
    """Open a tip's document and check that it is the one that the envelope speaks of.

    Raises:
        CantOpen: it is not.
    """
    tip = open_as(Tip, sealed, envelope.identity)
    if (tip.number, tip.revision) != (envelope.header.number, envelope.header.revision):
        raise CantOpen("the document is another tip's or another revision")
    return tip


# In the order of the fields, and of the flow for answers: officers read them in that order.
_encode = msgspec.json.Encoder().encode
_decoders: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Envelope, Evidence, Message, Tip)
}


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]
