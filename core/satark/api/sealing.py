"""Encryption with tip keys and desk keys, in one format: age (age-encryption.org/v1).

X25519 is the only kind of keys so far. A post-quantum key (ML-KEM-768 with X25519; C2SP `age.md`, "The hybrid recipient
type") has a recipient of 1,959 characters. Every column, file, setting, message and page accepts a recipient of that
length. pyrage 1.4 can't encrypt to it, so such a recipient is refused when it is entered. Once pyrage can, one more
entry in `KINDS` enables it. New keys are of the kind that is first in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
import pyrage
from pyrage import x25519

from satark.api.tip import Envelope, Evidence, Message, Tip
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    import io

T = TypeVar("T")

LEAST_PADDED: Final = 512
"""Bytes that every sealed value is padded to, at least."""
POST_QUANTUM: Final = "age1pq"
"""Prefix of a post-quantum recipient, before its separator `1`."""
POST_QUANTUM_CHARACTERS: Final = 1959
"""Length of a post-quantum recipient in characters: 1,216 bytes in Bech32."""


class CantOpen(Exception):  # noqa: N818 - it reads as what it says
    """Something can't be decrypted or encrypted: the key is wrong or invalid, or the content was altered.

    It is also raised if a document belongs to another tip, desk or revision. The message tells the reason and quotes
    nothing.
    """


class KeyKind(NamedTuple):
    """A kind of keys: how to parse keys of this kind, and how to make one."""

    identities: str
    """Prefix of a private key, before its separator `1`."""
    recipient: Callable[[str], Any]
    identity: Callable[[str], Any]
    recipient_of: Callable[[str], str]
    """Returns the recipient of a private key."""
    generate: Callable[[], str]
    """Returns a new private key."""


X25519: Final = KeyKind(
    identities="AGE-SECRET-KEY-",
    recipient=x25519.Recipient.from_str,
    identity=x25519.Identity.from_str,
    recipient_of=lambda text: str(x25519.Identity.from_str(text).to_public()),
    generate=lambda: str(x25519.Identity.generate()),
)
KINDS: Mapping[str, KeyKind] = {"age": X25519}
"""Prefix of a recipient, before its separator `1` → its kind. New keys are of the first kind."""


def new_identity() -> tuple[str, str]:
    """Make a new key pair; return its recipient (`age1…`) and its identity (`AGE-SECRET-KEY-…`)."""
    kind = next(iter(KINDS.values()))
    identity = kind.generate()
    return kind.recipient_of(identity), identity


def recipient_of(identity: str) -> str:
    """Return the recipient of an identity. Of several identities, one a line, the first, which is the newest, counts.

    Raises:
        CantOpen: it is not an identity, or is of a kind that this version can't use.
    """
    first = identity.partition("\n")[0]
    kind = _kind_of_identity(first)
    try:
        return kind.recipient_of(first)
    except pyrage.IdentityError:
        raise CantOpen("it is no age identity") from None


def check_recipient(recipient: str) -> None:
    """Check that values can be encrypted to a recipient.

    Raises:
        CantOpen: it is not an age recipient, or is of a kind that this version can't encrypt to; the message tells
            which.
    """
    _read_recipient(recipient)


def check_identity(identity: str) -> None:
    """Check that a text is one private key, or several, one a line.

    Raises:
        CantOpen: the text holds something else.
    """
    found = [_read_identity(one) for one in identity.split()]
    if not found:
        raise CantOpen("it is no age identity")


def seal(value: object, *recipients: str, padded: int = LEAST_PADDED) -> bytes:
    """Encrypt a value (as JSON) to one or more recipients, all of one kind.

    `padded`: the JSON is padded with spaces to this many bytes, or twice as many, and so on: its size tells little.

    Raises:
        CantOpen: a recipient is invalid, or of a kind that this version can't encrypt to.
    """
    return encrypt(encode(value, padded), *recipients)


def encode(value: object, padded: int) -> bytes:
    """Encode a value as `seal` does before it encrypts: as JSON, padded with spaces."""
    encoded = _encode(value)
    return encoded.ljust(size_class(len(encoded), padded))


def size_class(size: int, least: int, steps: int = 1) -> int:
    """Return to how many bytes so many are padded: the next of `steps` equal steps from one doubling of `least` on."""
    if size <= least:
        return least
    step = max(1, (least << ((size - 1) // least).bit_length() - 1) // steps)
    return -(-size // step) * step


def open_as(kind: type[T], sealed: bytes, identity: str) -> T:
    """Decrypt a value that `seal` encrypted. `identity` may hold several keys, one a line: a key and those it replaced.

    Raises:
        CantOpen: no key opens it, the ciphertext was altered, or the value is not of this type.
    """
    try:
        return _decoder(kind).decode(decrypt(sealed, *identity.split()))
    except (CantOpen, *DECODING_ERRORS):
        raise CantOpen("it does not open with this key") from None


def encrypt(plain: bytes, *recipients: str) -> bytes:
    """Encrypt bytes to one or more recipients, all of one kind: age can't mix post-quantum recipients with others.

    Raises:
        CantOpen: a recipient is invalid, or of a kind that this version can't encrypt to.
    """
    return pyrage.encrypt(plain, [_read_recipient(recipient) for recipient in recipients])


def decrypt(sealed: bytes, *identities: str) -> bytes:
    """Decrypt bytes with one of these private keys.

    Raises:
        CantOpen: a key is invalid, no key opens the bytes, or they were altered.
    """
    try:
        return pyrage.decrypt(sealed, [_read_identity(identity) for identity in identities])
    except pyrage.DecryptError:
        raise CantOpen("it does not open with this key") from None


def encrypt_stream(source: io.BufferedIOBase, target: io.BufferedIOBase, recipient: str) -> None:
    """Encrypt a stream to one recipient. Other threads can run meanwhile.

    Raises:
        CantOpen: the recipient is invalid, or of a kind that this version can't encrypt to.
        OSError: reading or writing failed.
    """
    try:
        pyrage.encrypt_io(source, target, [_read_recipient(recipient)])
    except pyrage.EncryptError as error:
        raise OSError("a stream could not be encrypted") from error


def decrypt_stream(sealed: io.BufferedIOBase, plain: io.BufferedIOBase, identity: str) -> None:
    """Decrypt a stream. Other threads can run meanwhile. Trust nothing that was written before this returns.

    Raises:
        CantOpen: the key is invalid or does not open the stream, or the stream was altered.
        OSError: reading or writing failed.
    """
    try:
        pyrage.decrypt_io(sealed, plain, [_read_identity(identity)])
    except pyrage.DecryptError:
        raise CantOpen("it does not open with this key") from None
    except OSError as error:
        if error.errno is not None:
            raise
        # age reports a payload that was cut or altered as a failure to read, which has no number of the system's
        raise CantOpen("it was altered") from None


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
        CantOpen: it can't be decrypted, or belongs to another tip or revision.
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


def _read_recipient(text: str) -> Any:
    prefix = text.rpartition("1")[0]
    kind = KINDS.get(prefix)
    if kind is None:
        raise CantOpen(_why_unusable(prefix, text))
    try:
        return kind.recipient(text)
    except pyrage.RecipientError:
        raise CantOpen("it is not an age recipient (age1…), or was cut or altered") from None


def _read_identity(text: str) -> Any:
    kind = _kind_of_identity(text)
    try:
        return kind.identity(text)
    except pyrage.IdentityError:
        raise CantOpen("it is no age identity") from None


def _kind_of_identity(text: str) -> KeyKind:
    prefix = text.rpartition("1")[0]
    kind = next((kind for kind in KINDS.values() if kind.identities == prefix), None)
    if kind is None:
        raise CantOpen("it is no age identity")
    return kind


def _why_unusable(prefix: str, text: str) -> str:
    if prefix != POST_QUANTUM:
        return "it is not an age recipient (age1…)"
    if len(text) != POST_QUANTUM_CHARACTERS:
        return f"it is a post-quantum recipient that was cut or altered: one has {POST_QUANTUM_CHARACTERS:,} characters"
    return "this version can't encrypt to post-quantum recipients yet: give an X25519 recipient (age1…, 62 characters)"
