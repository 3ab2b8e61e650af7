"""Entries of the roster: what may be said of who reads, and what the signatures of an entry cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from satark.api.routing import Desk
from satark.api.sealing import recipient_of
from satark.identity.signatures import is_signed, signing_key, verifier_for

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Role: TypeAlias = Literal["head", "officer", "auditor"]
"""head: manages the desk's officers, approves. officer: reads tips and answers them. auditor: sees the audit log, and
no content of a tip."""
ROLES: tuple[Role, ...] = ("head", "officer", "auditor")

Right: TypeAlias = Literal["listen", "release"]
"""listen: hears tipsters' voices, disguised. release: opens originals, with a second officer."""
RIGHTS: tuple[Right, ...] = ("listen", "release")

RECOVERY: Final = "recovery"
"""Name of the head whose passphrase lies in a safe, for the day on which a desk's officers lose theirs."""

_ENTRY = b"satark/1/roster-entry\0"
_KEY_CHANGE = b"satark/1/roster-key\0"
_STATEMENT = b"satark/1/officer-statement\0"
_OFFICER_USE = "satark/1/officer"
DESK_USE = "satark/1/answers"
"""Use of the key that a desk signs with (`satark.identity.signatures.signing_key`)."""


class RosterOfficer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An officer as the roster lists them."""

    name: str
    recipient: str
    """age recipient of the officer's own key, to which the desk's key is sealed."""
    signer: str
    """Ed25519 public key (hex) of the officer's signatures."""
    role: Role
    rights: tuple[Right, ...] = ()


class DeskAdded(msgspec.Struct, frozen=True, kw_only=True, tag="desk-added", tag_field="what", omit_defaults=True):
    """A desk, with its first officers; none for a desk in a remote office, which has a roster of its own."""

    desk: Desk
    verifier: str = ""
    """Ed25519 public key (hex) of what the desk signs with its own key."""
    officers: tuple[RosterOfficer, ...] = ()


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, tag="key-changed", tag_field="what", omit_defaults=True):
    """A desk's new key; with `removed`, because an officer was removed."""

    desk: str
    replaces: str
    """The recipient of the key before."""
    recipient: str
    verifier: str
    removed: str = ""
    proof: str = ""
    """Signature (hex) by the key before: whoever makes a new key alone must give it, to prove that they can read."""

    @classmethod
    def of(cls, desk: str, old: str, new: str, *, removed: str = "") -> KeyChange:
        """Return the change from identity `old` to `new`, proved by the old one."""
        own, verifier = recipient_of(old), desk_verifier(new)
        change = cls(desk=desk, replaces=own, recipient=recipient_of(new), verifier=verifier, removed=removed)
        return change.proved_by(old)

    def proved_by(self, old: str) -> KeyChange:
        """Return this change with the proof of the identity `old`."""
        proof = signing_key(old, DESK_USE).sign(_proved_bytes(self)).hex()
        return msgspec.structs.replace(self, proof=proof)


class OfficerSet(msgspec.Struct, frozen=True, kw_only=True, tag="officer-set", tag_field="what"):
    """An officer was added, or their keys, role or rights were changed."""

    desk: str
    officer: RosterOfficer


class DestinationSet(msgspec.Struct, frozen=True, kw_only=True, tag="destination-set", tag_field="what"):
    """A destination beyond the desks reads tips of a desk from now on; with an empty recipient it no longer does."""

    to: str
    desk: str
    recipient: str


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag="sealed", tag_field="what"):
    """The founding is over: from here on entries need signatures. It lists the destinations that read by then."""

    destinations: tuple[DestinationSet, ...] = ()


Body: TypeAlias = DeskAdded | KeyChange | OfficerSet | DestinationSet | Closed


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signature. If it names no officer, the desk's own key signed, as for a desk in a remote office."""

    desk: str
    officer: str = ""
    signature: str
    """64 bytes, hex."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry with its signatures; the first is the proposer's."""

    body: Body
    base: str = ""
    """Hash (hex) of the entry that the roster ended with when this one was proposed; empty in the founding."""
    signatures: tuple[Signature, ...] = ()

    def signed_by(self, signature: Signature) -> Entry:
        """Return this entry with one more signature; a signature of the same officer is replaced."""
        others = [one for one in self.signatures if (one.desk, one.officer) != (signature.desk, signature.officer)]
        return msgspec.structs.replace(self, signatures=(*others, signature))

    def signed_by_officer(self, desk: str, officer: str, identity: str) -> Entry:
        """Return this entry signed with an officer's own identity."""
        signature = officer_key(identity).sign(self.signed_bytes).hex()
        return self.signed_by(Signature(desk=desk, officer=officer, signature=signature))

    def signed_by_desk(self, desk: str, identity: str) -> Entry:
        """Return this entry signed with a desk's own identity, as a desk in a remote office does."""
        signature = signing_key(identity, DESK_USE).sign(self.signed_bytes).hex()
        return self.signed_by(Signature(desk=desk, signature=signature))

    def encode(self) -> bytes:
        """Encode this entry as one line of JSON."""
        return _encode(self)

    @staticmethod
    def decode(encoded: bytes | str) -> Entry:
        """Decode an entry.

        Raises:
            ValueError: it is none.
        """
        return _decode(encoded)

    @property
    def signed_bytes(self) -> bytes:
        """What every signature covers: the body, and the place in the roster at which the entry was proposed."""
        return _ENTRY + _encode((self.base, self.body))


def officer_key(identity: str) -> Ed25519PrivateKey:
    """Derive an officer's signing key from their own age identity, which only their passphrase opens."""
    return signing_key(identity, _OFFICER_USE)


def officer_signer(identity: str) -> str:
    """Return the public half (hex) of `officer_key`."""
    return verifier_for(identity, _OFFICER_USE)


def desk_verifier(identity: str) -> str:
    """Return the public half (hex) of the key that a desk's own identity signs with."""
    return verifier_for(identity, DESK_USE)


def is_proved(change: KeyChange, verifier: str) -> bool:
    """Return whether a key change is signed by the desk's key before it; `verifier` is that key's public half (hex)."""
    return bool(change.proof) and _is_signed(verifier, change.proof, _proved_bytes(change))


def is_good(signature: Signature, verifier: str, entry: Entry) -> bool:
    """Return whether a signature on an entry is from this public key (hex)."""
    return _is_signed(verifier, signature.signature, entry.signed_bytes)


def sign_statement(statement: bytes, identity: str) -> bytes:
    """Sign an officer's statement with the officer's own identity. The statement is not an entry of the roster."""
    return officer_key(identity).sign(_STATEMENT + statement)


def is_statement_signed(signer: str, signature: bytes, statement: bytes) -> bool:
    """Return whether an officer with this public key (hex) signed a statement."""
    return is_signed(signer, signature, _STATEMENT + statement)


def _is_signed(verifier: str, signature: str, message: bytes) -> bool:
    try:
        return is_signed(verifier, bytes.fromhex(signature), message)
    except ValueError:
        return False


def _proved_bytes(change: KeyChange) -> bytes:
    return _KEY_CHANGE + _encode(msgspec.structs.replace(change, proof=""))


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
