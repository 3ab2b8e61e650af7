"""Tip keys, envelopes and everything that is encrypted to them. One format: age (age-encryption.org/v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from satark.api.tip import Envelope, Evidence, Message, Tip
from satark.identity import age_keys
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    import io

T = TypeVar("T")


class CantOpen(Exception):  # noqa: N818 - it reads as what it says
    """A ciphertext does not open with this key, was altered, or belongs to another tip, desk or revision."""


def new_identity() -> tuple[str, str]:
    """Make a fresh key pair: (recipient `age1…`, identity `AGE-SECRET-KEY-…`)."""
    return age_keys.new_identity()


def recipient_of(identity: str) -> str:
    """Give the recipient that an identity opens for; of several identities, one a line, that of the first, the newest.

    Raises:
        satark.identity.age_keys.UnusableKey: it is no identity.
    """
    return age_keys.recipient_of(identity.partition("\n")[0])


def check_recipient(recipient: str) -> None:
    """Make sure that something can be sealed to a recipient.

    Raises:
        CantOpen: it is not an age recipient, or of a kind that this version can't encrypt to; the message says which.
    """
    try:
        age_keys.read_recipient(recipient)
    except age_keys.UnusableKey as error:
        raise CantOpen(str(error)) from None


def check_identity(identity: str) -> None:
    """Make sure that something is one private key, or several, one a line.

    Raises:
        CantOpen: it is not.
    """
    try:
        found = [age_keys.read_identity(one) for one in identity.split()]
    except age_keys.UnusableKey:
        found = []
    if not found:
        raise CantOpen("it is no age identity")


def seal(value: object, *recipients: str, padded: int = 1) -> bytes:
    """Encrypt a value (as JSON) to one or more recipients, all of one kind.

    `padded`: its size is filled up with spaces to a multiple of so many bytes, so that it tells little.
    """
    return age_keys.encrypt(encode(value, padded), *recipients)


def encode(value: object, padded: int) -> bytes:
    """Encode a value as `seal` does, to be encrypted."""
    encoded = _encode(value)
    return encoded.ljust(-(-len(encoded) // padded) * padded)


def open_as(kind: type[T], sealed: bytes, identity: str) -> T:
    """Decrypt a value that `seal` made. `identity` may be several, one a line: a key and those that it replaced.

    Raises:
        CantOpen: the key is another, the ciphertext was altered, or it holds something else.
    """
    try:
        plain = age_keys.decrypt(sealed, *identity.split())
        return _decoder(kind).decode(plain)
    except (age_keys.UnusableKey, *DECODING_ERRORS):
        raise CantOpen("it does not open with this key") from None


def encrypt_stream(source: io.BufferedIOBase, target: io.BufferedIOBase, recipient: str) -> None:
    """Encrypt a stream to one recipient. It lets other threads run.

    Raises:
        OSError: reading or writing failed.
    """
    age_keys.encrypt_stream(source, target, recipient)


def decrypt_stream(sealed: io.BufferedIOBase, plain: io.BufferedIOBase, identity: str) -> None:
    """Decrypt a stream. It lets other threads run. Trust nothing that was written before this returns.

    Raises:
        CantOpen: the key is another, or the ciphertext was altered.
        OSError: reading or writing failed.
    """
    try:
        age_keys.decrypt_stream(sealed, plain, identity)
    except age_keys.UnusableKey:
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
