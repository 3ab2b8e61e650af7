"""Link keys of the host's and the offices' machines, and the pairing files that carry their public keys."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen, check_recipient, new_identity, recipient_of
from satark.api.settings import SettingProblem, SettingsError
from satark.identity.signatures import verifier_of
from satark.roster.entries import desk_verifier
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

_SEED = 32


class LinkPublicKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public half of a machine's link key."""

    recipient: str
    """age recipient of frames to the machine."""
    verifier: str
    """Ed25519 public key (hex) that verifies the machine's signatures."""


class PairingError(CaseworkError):
    """A pairing file can't be used; the message says why."""


class _Pairing(msgspec.Struct, frozen=True, kw_only=True, tag_field="pairing", forbid_unknown_fields=True):
    link: LinkPublicKeys

    @classmethod
    def read(cls, text: str) -> Self:
        """Decode a pairing file.

        Raises:
            PairingError: the text is no pairing of this kind, or a key in it is damaged.
        """
        try:
            pairing = msgspec.json.decode(text, type=cls)
        except DECODING_ERRORS:
            raise PairingError("this is not the pairing file that this command needs") from None
        for recipient in pairing.recipients:
            try:
                check_recipient(recipient)
            except CantOpen as error:
                raise PairingError(f"a key in the pairing file can't be used: {error}") from None
        return pairing

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.link.recipient,)

    @property
    def fingerprint(self) -> str:
        """128 bits of the pairing's SHA-256, in groups of four hex digits, for comparing by telephone."""
        digest = sha256(msgspec.json.encode(self)).hexdigest()[:32]
        return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


class HostPairing(_Pairing, frozen=True, kw_only=True, tag="host"):
    """The facts that an office must know of the host. All of them are public."""

    roster: str
    """Hash of the newest entry of the host's roster: the office accepts no roster without it."""


class OfficePairing(_Pairing, frozen=True, kw_only=True, tag="office"):
    """The facts that the host must know of a remote office's desk. All of them are public."""

    desk: str
    recipient: str
    """age recipient of the desk's key."""
    answer_verifier: str
    """Ed25519 public key (hex) that verifies the desk's answers."""

    @classmethod
    def of(cls, desk: str, identity: str, link: LinkKey) -> OfficePairing:
        """Return the pairing of a desk, from its private key and the office's link key."""
        return cls(
            desk=desk, recipient=recipient_of(identity), answer_verifier=desk_verifier(identity), link=link.public_keys
        )

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.recipient, self.link.recipient)


class LinkKey:
    """A machine's own key pair, for receiving and signing. It opens no tip: tips are sealed to desks."""

    def __init__(self, identity: str, seed: bytes) -> None:
        self.identity = identity
        self._signing = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_keys = LinkPublicKeys(recipient=recipient_of(identity), verifier=verifier_of(self._signing))

    @classmethod
    def load(cls, path: Path, *, create: bool = True) -> LinkKey:
        """Read a machine's link key (two lines: an age identity, an Ed25519 seed in hex).

        `create`: create a missing key. Once another machine knows the key, a new one would not open its frames.

        Raises:
            SettingsError: other users can read the file, it holds no link key, or it can't be read or created.
        """
        try:
            if create and not path.exists():
                atomic_files.create(path, f"{new_identity()[1]}\n{os.urandom(_SEED).hex()}\n".encode())
            readable_by_others = path.stat().st_mode & 0o077
            identity, seed = path.read_text("ascii").split()
            key = cls(identity, bytes.fromhex(seed))
        except OSError as error:
            raise _unusable(str(error)) from None
        except (CantOpen, ValueError):  # the cause would quote the key
            raise _unusable(f"{path} does not hold a link key") from None
        if readable_by_others:
            raise _unusable(f"other users can read the link key: chmod 600 {path}")
        return key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._signing.sign(message)


def _unusable(message: str) -> SettingsError:
    return SettingsError([SettingProblem.of("link_key_file", message)])
