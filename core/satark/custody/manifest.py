"""The manifest of a pack (the hash report, as canonical JSON), and its signature by the desk that exports the pack."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, Literal

import msgspec

from satark.api.observability import Redacted
from satark.custody.verify_pack import FORMAT, PACK_DOMAIN, Signer
from satark.identity.signatures import is_signed

_IST: Final = timezone(timedelta(hours=5, minutes=30))


class Issuer(Redacted, frozen=True, kw_only=True):
    """The signer of Part A of the certificate, and the server that it is for. Empty fields stay blank on the form."""

    name: str = ""
    office: str = ""
    place: str = ""
    make: str = ""
    color: str = ""
    serial: str = ""
    device: str = ""
    """The server's own UID or MAC address; never that of a tipster's device."""


class PackItem(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a pack, hashed while it was copied into it."""

    item_no: int
    file: str
    """The file's ordinal in the tip."""
    role: Literal["original", "scrubbed", "transcript"]
    filename: str
    bytes: int
    mime: str
    sha256: str
    md5: str
    derived_from: int
    """Number of the item that this item was made from; 0: the source is not in the pack."""
    tool: str
    """Name and version of the program that made the item."""
    utc: str
    ist: str
    prev_chain_hash: str
    """The hash before the custody row of the item's export, hex."""


class WithheldFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is not in the pack, since it identifies the tipster."""

    file: str
    bytes: int
    mime: str
    sha256: str
    why: Literal["own-voice"] = "own-voice"


class ReceivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as this server received it, whether or not the pack has a form of it."""

    file: str
    bytes: int
    mime: str
    sha256: str
    md5: str
    problem: str = ""
    """Why the file has no clean copy (`satark_files.scrubber.Reason`); empty: it has one."""


class Manifest(Redacted, frozen=True, kw_only=True):
    format: str = FORMAT
    number: str
    desk: str
    channel: Literal["chat", "sms", "voice", "web", ""]
    received: str
    """Date and six-hour band (UTC)."""
    utc: str
    """When the pack was exported."""
    ist: str
    issuer: Issuer
    items: tuple[PackItem, ...]
    originals: tuple[ReceivedFile, ...]
    """Every file of the tip except the withheld ones."""
    withheld: tuple[WithheldFile, ...]
    custody: str
    """SHA-256 of `custody.json`, hex."""
    head: str
    """The last hash of the custody log, hex."""
    certificates: dict[str, str]
    """Name → SHA-256 (hex) of each certificate before this manifest's own hash is printed into it."""
    guides: Mapping[str, tuple[str, int]] = {}
    """Name → SHA-256 (hex) and size of each file that explains the verification of the pack."""
    signer: Signer | None = None
    """The desk that signed the pack; None: it is not signed."""
    official_confidence: bool = True


def format_ist(utc: str) -> str:
    """Format a time as the form requires it, in Indian Standard Time: `24/11/2026 14:30:05`."""
    return f"{datetime.fromisoformat(utc).astimezone(_IST):%d/%m/%Y %H:%M:%S}"


class PackSignature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `signature.json`. The manifest names the desk that signed, and its key."""

    signature: str
    """Ed25519 signature (RFC 8032, 64 bytes, hex) over a domain and a SHA-256, such as that of a pack's list."""
    algorithm: Literal["ed25519"] = "ed25519"


class PackSigner(Redacted, frozen=True, kw_only=True):
    who: Signer
    sign: Callable[[bytes], bytes]
    """Signs a message with the private half of the signer's key."""


def sign(signer: PackSigner, sha256: str, domain: bytes = PACK_DOMAIN) -> PackSignature:
    """Sign this SHA-256 (hex): that of a pack's last list or, in another domain, of another value."""
    return PackSignature(signature=signer.sign(domain + bytes.fromhex(sha256)).hex())


def is_signed_by(signer: Signer, signature: PackSignature, sha256: str, domain: bytes) -> bool:
    """Whether a signature over this SHA-256 (hex) is the signer's."""
    try:
        signed = bytes.fromhex(signature.signature)
    except ValueError:
        return False
    return signed.hex() == signature.signature and is_signed(signer.verifier, signed, domain + bytes.fromhex(sha256))
