"""The kinds of age keys: the one place that knows them, and that encrypts and decrypts (age-encryption.org/v1).

Today there is one: X25519. A post-quantum key (ML-KEM-768 with X25519; C2SP `age.md`, "The hybrid recipient type")
has a recipient of 1,959 characters. Every column, file, setting, message and page takes one of that length. pyrage 1.4
can't encrypt to it, so such a recipient is refused where it is entered. Once pyrage can, it is switched on by one entry
more in `KINDS`, and new keys are of that kind once it stands first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyrage
from pyrage import x25519

if TYPE_CHECKING:
    import io

POST_QUANTUM: Final = "age1pq"
"""What a post-quantum recipient begins with, before its separator `1`."""
POST_QUANTUM_CHARACTERS: Final = 1959
"""Length of a post-quantum recipient: 1,216 bytes in Bech32."""


class UnusableKey(ValueError):  # noqa: N818 - it reads as what it says
    """It is no key, or of a kind that this version can't use. The message says which, and quotes nothing."""


class KeyKind(NamedTuple):
    """A kind of keys: how its texts are read, and how a new one is made."""

    identities: str
    """What a private key begins with, before its separator `1`."""
    recipient: Callable[[str], Any]
    identity: Callable[[str], Any]
    recipient_of: Callable[[str], str]
    """The recipient that a private key opens for."""
    generate: Callable[[], str]
    """Makes a private key."""


X25519: Final = KeyKind(
    identities="AGE-SECRET-KEY-",
    recipient=x25519.Recipient.from_str,
    identity=x25519.Identity.from_str,
    recipient_of=lambda text: str(x25519.Identity.from_str(text).to_public()),
    generate=lambda: str(x25519.Identity.generate()),
)
KINDS: Mapping[str, KeyKind] = {"age": X25519}
"""What a recipient begins with, before its separator `1` → its kind. New keys are of the first kind."""


def new_identity() -> tuple[str, str]:
    """Make a fresh key pair: (recipient, identity)."""
    kind = next(iter(KINDS.values()))
    identity = kind.generate()
    return kind.recipient_of(identity), identity


def read_recipient(text: str) -> Any:
    """Read a recipient.

    Raises:
        UnusableKey: it is none, or of a kind that this version can't encrypt to.
    """
    prefix = text.rpartition("1")[0]
    kind = KINDS.get(prefix)
    if kind is None:
        raise UnusableKey(_why_unusable(prefix, text))
    try:
        return kind.recipient(text)
    except pyrage.RecipientError:
        raise UnusableKey("it is not an age recipient (age1…), or was cut or altered") from None


def read_identity(text: str) -> Any:
    """Read a private key.

    Raises:
        UnusableKey: it is none, or of a kind that this version can't use.
    """
    kind = _kind_of_identity(text)
    try:
        return kind.identity(text)
    except pyrage.IdentityError:
        raise UnusableKey("it is no age identity") from None


def recipient_of(identity: str) -> str:
    """Return the recipient that a private key opens for.

    Raises:
        UnusableKey: it is none, or of a kind that this version can't use.
    """
    kind = _kind_of_identity(identity)
    try:
        return kind.recipient_of(identity)
    except pyrage.IdentityError:
        raise UnusableKey("it is no age identity") from None


def encrypt(plain: bytes, *recipients: str) -> bytes:
    """Encrypt bytes to one or more recipients, all of one kind: age mixes post-quantum recipients with no others.

    Raises:
        UnusableKey: a recipient is none, or of a kind that this version can't encrypt to.
    """
    return pyrage.encrypt(plain, [read_recipient(recipient) for recipient in recipients])


def decrypt(sealed: bytes, *identities: str) -> bytes:
    """Decrypt bytes with one of these private keys.

    Raises:
        UnusableKey: a key is none, or no key opens it, or it was altered.
    """
    try:
        return pyrage.decrypt(sealed, [read_identity(identity) for identity in identities])
    except pyrage.DecryptError:
        raise UnusableKey("it does not open with this key") from None


def encrypt_stream(source: io.BufferedIOBase, target: io.BufferedIOBase, recipient: str) -> None:
    """Encrypt a stream to one recipient. It lets other threads run.

    Raises:
        UnusableKey: the recipient is none, or of a kind that this version can't encrypt to.
        OSError: reading or writing failed.
    """
    try:
        pyrage.encrypt_io(source, target, [read_recipient(recipient)])
    except pyrage.EncryptError as error:
        raise OSError("a stream could not be encrypted") from error


def decrypt_stream(sealed: io.BufferedIOBase, plain: io.BufferedIOBase, identity: str) -> None:
    """Decrypt a stream. It lets other threads run. Trust nothing that was written before this returns.

    Raises:
        UnusableKey: the key is none, or does not open it, or it was altered.
        OSError: reading or writing failed.
    """
    try:
        pyrage.decrypt_io(sealed, plain, [read_identity(identity)])
    except pyrage.DecryptError:
        raise UnusableKey("it does not open with this key") from None
    except OSError as error:
        if error.errno is not None:
            raise
        # age reports a payload that was cut or altered as a failure to read, which has no number of the system's
        raise UnusableKey("it was altered") from None


def _kind_of_identity(text: str) -> KeyKind:
    prefix = text.rpartition("1")[0]
    kind = next((kind for kind in KINDS.values() if kind.identities == prefix), None)
    if kind is None:
        raise UnusableKey("it is no age identity")
    return kind


def _why_unusable(prefix: str, text: str) -> str:
    if prefix != POST_QUANTUM:
        return "it is not an age recipient (age1…)"
    if len(text) != POST_QUANTUM_CHARACTERS:
        return f"it is a post-quantum recipient that was cut or altered: one has {POST_QUANTUM_CHARACTERS:,} characters"
    return "this version can't encrypt to post-quantum recipients yet: give an X25519 recipient (age1…, 62 characters)"
