"""Entries of the roster: the possible decisions about who reads, and the bytes that an entry's signatures cover."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from satark.api.routing import Desk
from satark.api.sealing import recipient_of
from satark.identity.signatures import is_signed, signing_key, verifier_for, verifier_of

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DOMAIN = b"satark/1/new-key-code\0"
_COST, _BLOCK_SIZE = 2**14, 8
"""Parameters of scrypt: 16 MiB and about 40 ms for each guess at a code."""


def new_code() -> str:
    """Return a new code: eight characters, 40 random bits."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


class KeyCode:
    """A code as an officer typed it, for the new key of one officer of a desk, or for a new desk (no officer)."""

    def __init__(self, code: str, desk: str, officer: str) -> None:
        typed = "".join(character for character in code.casefold() if character.isalnum())
        # Crockford's base 32: characters that look alike count as the same.
        digits = typed.translate(str.maketrans("oil", "011")).encode()
        salt = _DOMAIN + f"{desk}\0{officer}".encode()
        self._stretched = hashlib.scrypt(digits, salt=salt, n=_COST, r=_BLOCK_SIZE, p=1, dklen=32)

    def __repr__(self) -> str:
        return "KeyCode(…)"

    def signing_key(self, fingerprint: str) -> Ed25519PrivateKey:
        seed = hashlib.sha256(_DOMAIN + self._stretched + fingerprint.encode()).digest()
        return Ed25519PrivateKey.from_private_bytes(seed)

    def verifier(self, fingerprint: str) -> str:
        """Return the public half (hex) of `signing_key`."""
        return verifier_of(self.signing_key(fingerprint))


Role: TypeAlias = Literal["head", "officer", "auditor"]
"""head: manages the desk's officers, approves. officer: reads tips and answers them. auditor: sees the audit log, and
no content of a tip."""
ROLES: tuple[Role, ...] = ("head", "officer", "auditor")

Right: TypeAlias = Literal["listen", "release"]
"""listen: hears tipsters' voices, disguised. release: opens originals, with a second officer."""

PROBE_DESK: Final = "probe"
"""The desk of synthetic tips (`satark probe`), which the service's operator has. It is no office and judges nobody.
"""
RECOVERY: Final = "recovery"
"""Name of the head whose passphrase lies in a safe, for the day on which a desk's officers lose theirs."""

HALF: Final = 8
"""Size in bytes of a tip's name, and of the hash of its renewals, in `Renewal.said`."""
RENEWED: Final = 112
"""Size in bytes of one tip there: its name, its new signing key's public half, a hash, the former key's signature."""

Member: TypeAlias = tuple[str, str]
"""A signer: (desk, officer). With an empty officer, it is the desk itself, which signs for a remote office."""

_ENTRY = b"satark/1/roster-entry\0"
_CODE = b"satark/1/roster-code\0"
_KEY_CHANGE = b"satark/1/roster-key\0"
_RENEWAL = b"satark/1/renewal\0"
_STATEMENT = b"satark/1/officer-statement\0"
_OFFICER_USE = "satark/1/officer"
DESK_USE = "satark/1/answers"
"""Use of a desk's signing key (`satark.identity.signatures.signing_key`)."""


class RosterOfficer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    recipient: str
    """age recipient of the officer's own key, to which the desk's key is sealed."""
    signer: str
    """Ed25519 public key (hex) of the officer's signatures."""
    role: Role
    rights: tuple[Right, ...] = ()
    temporary: bool = False
    """Whether somebody else set this key's passphrase. They know it until the officer takes a key of their own."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of this officer's two public keys, for officers to compare."""
        return fingerprint_of(self.recipient, self.signer)


class DeskAdded(msgspec.Struct, frozen=True, kw_only=True, tag="desk-added", tag_field="what", omit_defaults=True):
    """A desk, with its first officers; none for a desk in a remote office, which has a roster of its own."""

    desk: Desk
    verifier: str = ""
    """Ed25519 public key (hex) that verifies what the desk signs with its own key."""
    officers: tuple[RosterOfficer, ...] = ()
    code: str = ""
    """Public key (hex) of a code that whoever proposed the desk tells its signers; empty in the founding."""

    def with_code(self, code: str) -> DeskAdded:
        """Return this desk with a code for all that it says: with other keys, level or area it is another code."""
        return msgspec.structs.replace(self, code=self._verifier(code))

    def has_code(self, code: str) -> bool:
        """Return whether a signer typed the code of this desk."""
        return self._verifier(code) == self.code

    def _verifier(self, code: str) -> str:
        said = _encode(msgspec.structs.replace(self, code=""))
        return KeyCode(code, self.desk.name, "").verifier(hashlib.sha256(said).hexdigest())


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, tag="key-changed", tag_field="what", omit_defaults=True):
    """A desk's new key. With `removed`: it was made because that officer was removed or became an auditor."""

    desk: str
    replaces: str
    """The recipient of the previous key."""
    recipient: str
    verifier: str
    removed: str = ""
    auditor: bool = False
    """Whether the removed officer stays as an auditor."""
    proof: str = ""
    """Signature (hex) by the previous key. Whoever makes a new key alone proves with it that they can read."""

    @classmethod
    def of(cls, desk: str, old: str, new: str, *, removed: str = "", auditor: bool = False) -> KeyChange:
        """Return the change from identity `old` to `new`, with a proof by `old`."""
        own, verifier = recipient_of(old), desk_verifier(new)
        change = cls(desk=desk, replaces=own, recipient=recipient_of(new), verifier=verifier, removed=removed)
        return msgspec.structs.replace(change, auditor=auditor).proved_by(old)

    def proved_by(self, old: str) -> KeyChange:
        """Return this change with the proof of the identity `old`."""
        proof = signing_key(old, DESK_USE).sign(_proved_bytes(self)).hex()
        return msgspec.structs.replace(self, proof=proof)


class OfficerSet(msgspec.Struct, frozen=True, kw_only=True, tag="officer-set", tag_field="what"):
    """A new officer, or an officer's changed role or rights."""

    desk: str
    officer: RosterOfficer


class KeyGiven(msgspec.Struct, frozen=True, kw_only=True, tag="key-given", tag_field="what"):
    """A new key for an officer who lost a passphrase or a second factor."""

    desk: str
    officer: RosterOfficer
    """The officer with the new key; role and rights stay."""
    code: str
    """Public key (hex) for signatures with the new key's code: `KeyCode.verifier`."""


class OwnKey(msgspec.Struct, frozen=True, kw_only=True, tag="own-key", tag_field="what"):
    """An officer took a new key with a new passphrase. The previous key signs this entry, and nothing after it."""

    desk: str
    officer: RosterOfficer
    """The officer with the new key; role and rights stay."""
    log: int
    """Position of the audit log's newest row. Later acts with a signature of the previous key are forged."""


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True, tag="withdrawn", tag_field="what"):
    """An officer withdrew a proposal: its signatures no longer count, wherever they are stored. No page lists it."""

    proposal: str


class DestinationSet(
    msgspec.Struct, frozen=True, kw_only=True, tag="destination-set", tag_field="what", omit_defaults=True
):
    """A destination beyond the desks reads a desk's tips from now on. With an empty recipient it no longer does."""

    to: str
    desk: str
    recipient: str
    verifier: str = ""
    """Ed25519 public key (hex) that verifies the destination's messages; empty: none of its messages counts."""


class KeysRenewed(msgspec.Struct, frozen=True, kw_only=True, tag="keys-renewed", tag_field="what"):
    """As `Renewal`, for many tips: in rosters from before 0.2.0. No page lists it. The desk's own key signs it."""

    desk: str
    tips: bytes
    """`RENEWED` bytes for each tip: see `satark.routing.renewals`."""


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """A desk renewed the key of one tip. It is no entry, since each office's roster would tell how many tips there are.

    It lies in the host's key store, among made-up ones, and with the tip, for the offices that have the tip.
    """

    desk: str
    base: str
    """Hash (hex) of the roster's newest entry by then."""
    said: bytes
    """`RENEWED` bytes and what names its place in the thread: see `satark.routing.renewals`."""
    signature: bytes = b""

    def signed(self, identity: str) -> Renewal:
        """Return this renewal signed with the desk's own key."""
        return msgspec.structs.replace(self, signature=signing_key(identity, DESK_USE).sign(self._signed_bytes))

    def is_by(self, verifier: str) -> bool:
        return is_signed(verifier, self.signature, self._signed_bytes)

    def encode(self) -> bytes:
        return _encode(self)

    @staticmethod
    def decode(encoded: bytes) -> Renewal:
        """Decode a renewal.

        Raises:
            ValueError: it is none.
        """
        return _decode_renewal(encoded)

    @property
    def _signed_bytes(self) -> bytes:
        return _RENEWAL + _encode((self.desk, self.base, self.said))


class HostNoted(msgspec.Struct, frozen=True, kw_only=True, tag="host-noted", tag_field="what"):
    """At an office: its host's roster has this head. The desk's key signs it; in the founding, nobody does."""

    desk: str
    head: str


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag="sealed", tag_field="what"):
    """The founding is over: later entries need signatures. This one lists the destinations that read tips."""

    destinations: tuple[DestinationSet, ...] = ()


Change: TypeAlias = DeskAdded | KeyChange | OfficerSet | KeyGiven | DestinationSet | Closed
"""A decision of officers: the body of an entry."""
Body: TypeAlias = Change | KeysRenewed | HostNoted | OwnKey | Withdrawn


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signature. If it names no officer, the desk's own key signed, as for a desk in a remote office."""

    desk: str
    officer: str = ""
    signature: str
    """64 bytes, hex."""
    code: str = ""
    """Signature (hex) with the code of a new key. It shows that the signer was told the code."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    body: Body
    by: Member = ("", "")
    """The proposing officer; empty for a new desk, which nobody proposes, and in the founding."""
    base: str = ""
    """Hash (hex) of the entry that the roster ended with when this one was proposed; empty in the founding."""
    signatures: tuple[Signature, ...] = ()

    @property
    def id(self) -> str:
        """Name of the entry for its signers: 128 bits of the SHA-256 of the signed bytes, in hex."""
        return hashlib.sha256(self.signed_bytes).hexdigest()[:32]

    @property
    def signers(self) -> list[Member]:
        """The signers that the entry names. Their signatures are not checked here."""
        return [(one.desk, one.officer) for one in self.signatures]

    def signed_by(self, signature: Signature) -> Entry:
        """Return this entry with one more signature; a signature of the same officer is replaced."""
        others = [one for one in self.signatures if (one.desk, one.officer) != (signature.desk, signature.officer)]
        return msgspec.structs.replace(self, signatures=(*others, signature))

    def signed_with(self, by: Member, identity: str, code: str = "") -> Entry:
        """Return this entry signed with an officer's own identity or, for a remote office, the desk's identity.

        `code`: the code of a new key as the officer typed it.
        """
        key = officer_key(identity) if by[1] else signing_key(identity, DESK_USE)
        shown = ""
        if isinstance(self.body, KeyGiven) and code:
            typed = KeyCode(code, self.body.desk, self.body.officer.name)
            shown = typed.signing_key(self.body.officer.fingerprint).sign(self._shown_bytes(by)).hex()
        signature = key.sign(self.signed_bytes).hex()
        return self.signed_by(Signature(desk=by[0], officer=by[1], signature=signature, code=shown))

    def encode(self) -> bytes:
        """Encode this entry as one line of JSON."""
        return _encode(self)

    @staticmethod
    def decode(encoded: bytes | str) -> Entry:
        """Decode an entry.

        Raises:
            ValueError: it is no entry, or not as `encode` writes it: other bytes would have the same good signatures.
        """
        entry = _decode(encoded)
        if entry.encode() != (encoded.encode() if isinstance(encoded, str) else encoded):
            raise msgspec.ValidationError("this is not how entries are encoded")
        return entry

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that every signature covers: body, proposer, and the place in the roster where it was proposed."""
        return _ENTRY + _encode((self.base, self.by, self.body))

    def is_code_shown(self, signature: Signature) -> bool:
        """Return whether a signer was told the code of the new key."""
        shown = self._shown_bytes((signature.desk, signature.officer))
        return isinstance(self.body, KeyGiven) and _is_signed(self.body.code, signature.code, shown)

    def _shown_bytes(self, by: Member) -> bytes:
        return _CODE + _encode(by) + self.signed_bytes


def fingerprint(body: Body) -> str:
    """Return the fingerprint of all keys that an entry lists, for officers to compare; empty: it lists none."""
    match body:
        case OfficerSet() | KeyGiven() | OwnKey():
            return body.officer.fingerprint
        case DeskAdded():
            verifiers = body.verifier, *(one.fingerprint for one in body.officers)
            return fingerprint_of(body.desk.recipient, " ".join(verifiers))
        case KeyChange() | DestinationSet() if body.recipient:
            return fingerprint_of(body.recipient, body.verifier)
        case _:
            return ""


def describe(body: Body) -> str:
    """Describe an entry in English, with the fingerprint of the keys that it lists."""
    shown = fingerprint(body)
    return f"{_describe(body)}: {shown}" if shown else _describe(body)


def spell_out(body: Body) -> str:
    """Describe an entry for whoever signs it: of a new desk, all that decides what it reads, each on a line.

    The title comes last: its author chose the words.
    """
    if not isinstance(body, DeskAdded):
        return describe(body)
    desk, names = body.desk, ", ".join(one.name for one in body.officers) or "in an office"
    lines = [f"desk {desk.name} was added", f"level: {desk.level}", f"area: {desk.area or 'everywhere'}"]
    lines += [f"officers: {names}", f"fingerprint: {fingerprint(body)}", f"title, as proposed: “{desk.title}”"]
    return "\n      ".join(lines)


def _describe(body: Body) -> str:
    match body:
        case DeskAdded():
            names = (
                ", ".join(describe_officer(one.name, one.role, one.rights) for one in body.officers) or "in an office"
            )
            return f"desk {body.desk.name} ({body.desk.level}, {body.desk.area or 'everywhere'}) was added: {names}"
        case KeyChange():
            what = "became an auditor" if body.auditor else "was removed"
            why = f", because officer {body.removed} {what}" if body.removed else ""
            return f"desk {body.desk} got a new key{why}"
        case OfficerSet():
            one = body.officer
            return f"desk {body.desk} has {describe_officer(one.name, one.role, one.rights)}"
        case KeyGiven() | OwnKey():
            return f"officer {body.officer.name} of desk {body.desk} got a new key"
        case DestinationSet():
            verb = "reads" if body.recipient else "reads no more"
            return f"destination {body.to} of {f'desk {body.desk}' if body.desk else 'every desk'} {verb}"
        case KeysRenewed() | HostNoted() | Withdrawn():
            return _describe_unlisted(body)
        case Closed():
            return f"the founding ended; destinations that read: {len(body.destinations)}"


def _describe_unlisted(body: KeysRenewed | HostNoted | Withdrawn) -> str:
    match body:
        case KeysRenewed():
            return f"desk {body.desk} renewed the keys of tips"
        case HostNoted():
            return f"the host's roster had the head {body.head[:16]}"
        case Withdrawn():
            return f"proposal {body.proposal} was withdrawn"


def describe_officer(name: str, role: str, rights: tuple[str, ...]) -> str:
    return f"{role} {name}" + (f" (may {' and '.join(rights)})" if rights else "")


def fingerprint_of(recipient: str, signer: str) -> str:
    """Return the fingerprint of two public keys: 80 bits of a hash, in groups of hex digits."""
    digest = hashlib.sha256(f"{recipient} {signer}".encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 20, 4))


def officer_key(identity: str) -> Ed25519PrivateKey:
    """Derive an officer's signing key from their own age identity, which only the officer's passphrase opens."""
    return signing_key(identity, _OFFICER_USE)


def officer_signer(identity: str) -> str:
    """Return the public half (hex) of `officer_key`."""
    return verifier_for(identity, _OFFICER_USE)


def desk_verifier(identity: str) -> str:
    """Return the public half (hex) of the signing key of a desk's own identity."""
    return verifier_for(identity, DESK_USE)


def is_proved(change: KeyChange, verifier: str) -> bool:
    """Return whether the desk's previous key signed a key change. `verifier`: that key's public half (hex)."""
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
_decode_renewal = msgspec.json.Decoder(Renewal).decode
