"""The keys of an office's machine and of the host's, and the cards by which they come to know each other."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyrage import x25519

from satark import atomic_files
from satark.identity.sealing import new_identity, recipient_of

T = TypeVar("T")
_SEED = 32


class LinkKeyError(Exception):
    """The link key can't be used; the message says what is wrong with its file."""


class LinkCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public half of a machine's link key."""

    recipient: str
    """age recipient of what is sent to it."""
    verifier: str
    """Ed25519 key (hex) of what it signs."""


class OfficeCard(msgspec.Struct, frozen=True, kw_only=True, tag="office", tag_field="card", forbid_unknown_fields=True):
    """What the host must know of a desk in an office of its own. All of it is public."""

    desk: str
    recipient: str
    """age recipient of the desk's key."""
    answers: str
    """Ed25519 key (hex) of the desk's answers."""
    link: LinkCard


class HostCard(msgspec.Struct, frozen=True, kw_only=True, tag="host", tag_field="card", forbid_unknown_fields=True):
    """What an office must know of the host. All of it is public."""

    link: LinkCard


class CardError(Exception):
    """A card can't be read; the message says why."""


class LinkKey:
    """A machine's own key, by which it receives and signs. It opens no tip: those are sealed to the desks inside."""

    def __init__(self, identity: str, seed: bytes) -> None:
        self.identity = identity
        self._signing = Ed25519PrivateKey.from_private_bytes(seed)
        self.card = LinkCard(recipient=recipient_of(identity), verifier=_public(self._signing))

    def __repr__(self) -> str:
        return "LinkKey(…)"

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes."""
        return self._signing.sign(message)


def load_link_key(path: Path) -> LinkKey:
    """Read a machine's link key (two lines: an age identity, an Ed25519 seed in hex); make one where there is none.

    Raises:
        LinkKeyError: others may read it, or it is none.
        OSError: it can't be read or made.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise LinkKeyError(f"others can read the link key: chmod 600 {path}")
    try:
        identity, seed = path.read_text("ascii").split()
        return LinkKey(identity, bytes.fromhex(seed))
    except Exception:  # noqa: BLE001 - pyrage raises many kinds; the cause would quote the key
        raise LinkKeyError(f"{path} does not hold a link key") from None


def answer_key(identity: str) -> Ed25519PrivateKey:
    """Give the key that a desk signs its answers with. It follows from the desk's identity: officers alone have it."""
    seed = HKDF(algorithm=SHA256(), length=_SEED, salt=None, info=b"satark/1/answers").derive(identity.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def answer_verifier(identity: str) -> str:
    """Give the public half (hex) of `answer_key`."""
    return _public(answer_key(identity))


def office_card(desk: str, identity: str, link: LinkKey) -> OfficeCard:
    """Make the card of an opened desk."""
    return OfficeCard(desk=desk, recipient=recipient_of(identity), answers=answer_verifier(identity), link=link.card)


def is_signed(verifier: str, signature: bytes, message: bytes) -> bool:
    """Say whether a signature (64 bytes) is this key's (hex) on this message."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(verifier)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_card(text: str, kind: type[T]) -> T:
    """Read a card from its JSON.

    Raises:
        CardError: it is none of this kind, or a key in it is none.
    """
    try:
        card = msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError:
        raise CardError("this is not the card that is needed here") from None
    for recipient in _recipients(card):
        try:
            x25519.Recipient.from_str(recipient)
        except Exception:  # noqa: BLE001 - pyrage has no class of its own for it
            raise CardError("a key in the card is damaged") from None
    return card


def fingerprint(card: OfficeCard | HostCard) -> str:
    """Give what two people compare by telephone: 128 bits of the card's SHA-256, in groups of four."""
    digest = sha256(msgspec.json.encode(card)).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _recipients(card: object) -> list[str]:
    if isinstance(card, OfficeCard):
        return [card.recipient, card.link.recipient]
    return [card.link.recipient] if isinstance(card, HostCard) else []


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _create(path: Path) -> None:
    _, identity = new_identity()
    atomic_files.create(path, f"{identity}\n{os.urandom(_SEED).hex()}\n".encode())
