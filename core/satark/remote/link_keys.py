"""Link keys of the host's and the offices' machines, and the pairing files that carry their public keys."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from satark.api.sealing import CantOpen, check_recipient, new_identity, recipient_of
from satark.identity.signatures import signing_key, verifier_of
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

T = TypeVar("T")
_SEED = 32


class LinkKeyError(Exception):
    """The link key can't be used; the message says what is wrong with its file."""


class LinkPublicKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public half of a machine's link key."""

    recipient: str
    """age recipient of what is sent to the machine."""
    verifier: str
    """Ed25519 public key (hex) of what the machine signs."""


class OfficePairing(
    msgspec.Struct, frozen=True, kw_only=True, tag="office", tag_field="pairing", forbid_unknown_fields=True
):
    """What the host must know of a remote office's desk. All of it is public."""

    desk: str
    recipient: str
    """age recipient of the desk's key."""
    answer_verifier: str
    """Ed25519 public key (hex) of the desk's answers."""
    link: LinkPublicKeys


class HostPairing(
    msgspec.Struct, frozen=True, kw_only=True, tag="host", tag_field="pairing", forbid_unknown_fields=True
):
    """What an office must know of the host. All of it is public."""

    link: LinkPublicKeys


class PairingError(Exception):
    """A pairing file can't be used; the message says why."""


class LinkKey:
    """A machine's own key pair, for receiving and signing. It opens no tip: tips are sealed to desks."""

    def __init__(self, identity: str, seed: bytes) -> None:
        self.identity = identity
        self._signing = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_keys = LinkPublicKeys(recipient=recipient_of(identity), verifier=verifier_of(self._signing))

    def __repr__(self) -> str:
        return "LinkKey(…)"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._signing.sign(message)


def load_link_key(path: Path) -> LinkKey:
    """Read a machine's link key (two lines: an age identity, an Ed25519 seed in hex); create it if it does not exist.

    Raises:
        LinkKeyError: other users can read the file, or it holds no link key.
        OSError: it can't be read or created.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise LinkKeyError(f"other users can read the link key: chmod 600 {path}")
    try:
        identity, seed = path.read_text("ascii").split()
        return LinkKey(identity, bytes.fromhex(seed))
    except Exception:  # noqa: BLE001 - pyrage raises many kinds; the cause would quote the key
        raise LinkKeyError(f"{path} does not hold a link key") from None


def answer_key(identity: str) -> Ed25519PrivateKey:
    """Derive the key that a desk signs its answers with from the desk's identity, which only its officers can open."""
    return signing_key(identity, "satark/1/answers")


def answer_verifier(identity: str) -> str:
    """Return the public half (hex) of `answer_key`."""
    return verifier_of(answer_key(identity))


def make_office_pairing(desk: str, identity: str, link: LinkKey) -> OfficePairing:
    """Return the pairing of a desk, from its private key and the office's link key."""
    return OfficePairing(
        desk=desk, recipient=recipient_of(identity), answer_verifier=answer_verifier(identity), link=link.public_keys
    )


def read_pairing(text: str, kind: type[T]) -> T:
    """Decode a pairing file.

    Raises:
        PairingError: it is not a pairing of this kind, or a key in it is damaged.
    """
    try:
        pairing = msgspec.json.decode(text, type=kind)
    except DECODING_ERRORS:
        raise PairingError("this is not the pairing file that this command needs") from None
    for recipient in _recipients(pairing):
        try:
            check_recipient(recipient)
        except CantOpen as error:
            raise PairingError(f"a key in the pairing file can't be used: {error}") from None
    return pairing


def fingerprint(pairing: OfficePairing | HostPairing) -> str:
    """Return what two people compare by telephone: 128 bits of the pairing's SHA-256, in groups of four hex digits."""
    digest = sha256(msgspec.json.encode(pairing)).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _recipients(pairing: object) -> list[str]:
    if isinstance(pairing, OfficePairing):
        return [pairing.recipient, pairing.link.recipient]
    return [pairing.link.recipient] if isinstance(pairing, HostPairing) else []


def _create(path: Path) -> None:
    _, identity = new_identity()
    atomic_files.create(path, f"{identity}\n{os.urandom(_SEED).hex()}\n".encode())
