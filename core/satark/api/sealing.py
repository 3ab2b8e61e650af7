"""Encryption with tip keys and desk keys, in one format: age (age-encryption.org/v1).

New keys are post-quantum keys (ML-KEM-768 with X25519), whose recipients have 1,959 characters. X25519 keys from before
are used as long as they are there.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag

from satark.api.tip import Envelope, Evidence, Message, Tip
from satark_age import age
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

__all__ = [
    "CantOpen", "check_recipient", "decrypt_stream", "encrypt_stream", "new_identity", "open_as", "recipient_of",
    "seal", "size_class",
]  # fmt: skip

T = TypeVar("T")

LEAST_PADDED: Final = 512
"""Smallest size to which a sealed value is padded, in bytes."""
POST_QUANTUM_CHARACTERS: Final = 1959
"""Length of a post-quantum recipient in characters: 1,216 bytes in Bech32."""


class CantOpen(Exception):  # noqa: N818 - it reads as what it says
    """Something can't be decrypted or encrypted: the key is wrong or invalid, or the content was altered.

    It is also raised if a document belongs to another tip, desk or revision. The message tells the reason and quotes
    nothing.
    """


def new_identity() -> tuple[str, str]:
    """Make a new key pair; return its recipient (`age1pq1…`) and its identity (`AGE-SECRET-KEY-PQ-…`)."""
    identity = age.new_identity()
    return age.recipient_of(identity)[0], age.write_identity(identity)


def recipient_of(identity: str) -> str:
    """Return the recipient of an identity. If there are several, one a line, the first counts: the newest.

    Raises:
        CantOpen: it is not an identity.
    """
    return key_of(identity)[0]


def key_of(identity: str) -> tuple[str, age.Recipient]:
    """Return the recipient of an identity, as text and as the key to which `seal` encrypts without reading the text."""
    return age.recipient_of(_read_identity(identity.partition("\n")[0]))


def check_recipient(recipient: str) -> None:
    """Check that values can be encrypted to a recipient.

    Raises:
        CantOpen: it is not an age recipient, or was cut or altered; the message tells which.
    """
    _read_recipient(recipient)


def keys_of(identity: str) -> list[age.Identity]:
    """Read private keys, one a line. As long as somebody holds them, each is derived once, whatever it opens.

    Raises:
        CantOpen: the text holds something else.
    """
    found = [_read_identity(one) for one in identity.split()]
    if not found:
        raise CantOpen("it is no age identity")
    return found


def seal(value: object, *recipients: str | age.Recipient, padded: int = LEAST_PADDED) -> bytes:
    """Encrypt a value (as JSON) to one or more recipients.

    `padded`: the JSON is padded with spaces to this many bytes, or twice as many, and so on: its size tells little.

    Raises:
        CantOpen: a recipient is invalid.
    """
    return encrypt(encode(value, padded), *recipients)


def encode(value: object, padded: int) -> bytes:
    """Encode a value as `seal` does before it encrypts: as JSON, padded with spaces."""
    encoded = _encode(value)
    return encoded.ljust(size_class(len(encoded), padded))


def size_class(size: int, least: int, steps: int = 1) -> int:
    """Return the size to which `size` bytes are padded: the next of `steps` equal steps in a doubling of `least`."""
    if size <= least:
        return least
    step = max(1, (least << ((size - 1) // least).bit_length() - 1) // steps)
    return -(-size // step) * step


def open_as(kind: type[T], sealed: bytes, identity: str) -> T:
    """Decrypt a value that `seal` encrypted. `identity` may hold several keys, one a line: a key and its former keys.

    Raises:
        CantOpen: no key opens it, the ciphertext was altered, or the value is not of this type.
    """
    try:
        return _decoder(kind).decode(decrypt(sealed, identity))
    except (CantOpen, *DECODING_ERRORS):
        raise CantOpen("it does not open with this key") from None


def encrypt(plain: bytes, *recipients: str | age.Recipient) -> bytes:
    """Encrypt bytes to one or more recipients. Post-quantum and X25519 keys together are as safe as X25519 keys.

    Raises:
        CantOpen: a recipient is invalid.
    """
    return _encrypted(plain, [_read_recipient(one) if isinstance(one, str) else one for one in recipients])


def encrypt_alike(plain: bytes, recipient: str = "") -> bytes:
    """Encrypt bytes to one recipient, or to nobody. The ciphertext has the same form for both kinds of key.

    The ciphertext has a stanza for each kind. A stanza without a recipient is encrypted to a key that nobody has.
    """
    kind, key = _read_recipient(recipient) if recipient else (None, None)
    return _encrypted(plain, [(one, key if one is kind else None) for one in age.KINDS])


def decrypt(sealed: bytes, *identities: str) -> bytes:
    """Decrypt bytes with one of these private keys, one or more a text.

    Raises:
        CantOpen: a key is invalid, no key opens the bytes, or they were altered.
    """
    plain = io.BytesIO()
    decrypt_stream(io.BytesIO(sealed), plain, *identities)
    return plain.getvalue()


def encrypt_stream(source: SupportsRead[bytes], target: SupportsWrite[bytes], recipient: str) -> None:
    """Encrypt a stream to one recipient.

    Raises:
        CantOpen: the recipient is invalid.
        OSError: reading or writing failed.
    """
    age.encrypt(source.read, target.write, [_read_recipient(recipient)])


def decrypt_stream(sealed: BinaryIO, plain: SupportsWrite[bytes], *identities: str) -> None:
    """Decrypt a stream with one of these private keys, one or more a text, each on a line of its own.

    Trust nothing that was written before this returns.

    Raises:
        CantOpen: a key is invalid, no key opens the stream, or it was altered.
        OSError: reading or writing failed.
    """
    keys = [key for identity in identities for key in keys_of(identity)]
    try:
        age.decrypt(sealed, plain.write, keys)
    except (ValueError, InvalidTag):
        raise CantOpen("it does not open with this key") from None


def open_envelope(sealed: bytes, identity: str, *, tip: str, desk: str) -> Envelope:
    """Decrypt a desk's envelope and check that it is for this tip and this desk.

    Raises:
        CantOpen: it can't be decrypted, or is for another tip or desk.
    """
    envelope = open_as(Envelope, sealed, identity)
    if envelope.tip != tip or envelope.desk != desk:
        raise CantOpen("the envelope belongs to another tip or desk")
    return envelope


def open_tip(sealed: bytes, envelope: Envelope) -> Tip:
    """Decrypt a tip's document and check that it is the one that the envelope belongs to.

    Raises:
        CantOpen: it can't be decrypted, belongs to another tip or revision, or was put in the document's place.
    """
    if hashlib.sha256(sealed).hexdigest() != envelope.document_sha256:
        raise CantOpen("the document is not the one that was sent")
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


def _encrypted(plain: bytes, recipients: list[age.Recipient]) -> bytes:
    sealed = io.BytesIO()
    age.encrypt(io.BytesIO(plain).read, sealed.write, recipients)
    return sealed.getvalue()


def _read_recipient(text: str) -> age.Recipient:
    try:
        return age.read_recipient(text)
    except ValueError:
        raise CantOpen(_why_unusable(text.rpartition("1")[0])) from None


def _read_identity(text: str) -> age.Identity:
    try:
        return age.read_identity(text)
    except ValueError:
        raise CantOpen("it is no age identity") from None


def _why_unusable(prefix: str) -> str:
    if prefix == age.Hybrid.recipients:
        return f"it is a post-quantum recipient that was cut or altered: one has {POST_QUANTUM_CHARACTERS:,} characters"
    return "it is not an age recipient (age1…)" + (", or was cut or altered" if prefix == age.X25519.recipients else "")
