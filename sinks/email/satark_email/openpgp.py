"""Encryption to recipients' OpenPGP keys. Keys are only ever imported: none is made here.

Keys that pysequoia makes are announced as RFC 9580's, and messages to them can't be read by GnuPG 2.4 and Thunderbird
(`PKESK` version 6); a key that would lead there is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pysequoia import Cert, encrypt

_PKESK = 0xC1
"""A packet with tag 1 in the new format (RFC 9580, 4.2.1): the session key, encrypted to one recipient."""
_READABLE_VERSION = 3
_SECRET_KEY = 0xC5
_OLD_SECRET_KEY = 0x94 >> 2


class UnusableKey(Exception):  # noqa: N818 - it reads as what it says
    """A key file holds no key, or one that nothing can safely be encrypted to; the message says why."""


def load_certificates(path: Path) -> list[Cert]:
    """Read a file of public keys, armored or not, and make sure that each can be used now.

    Raises:
        UnusableKey: it can't be read, or one is expired, revoked or secret, or of a kind that mail programs can't read.
    """
    try:
        content = path.read_bytes()
        certificates = Cert.split_bytes(content)
    except OSError as error:
        raise UnusableKey(f"{path} can't be read ({type(error).__name__})") from None
    except Exception:  # noqa: BLE001 - pysequoia raises RuntimeError and more, with backtraces that belong nowhere
        raise UnusableKey(f"{path} holds no OpenPGP keys") from None
    if not certificates:
        raise UnusableKey(f"{path} holds no OpenPGP keys")
    if _is_secret(content):
        raise UnusableKey(f"{path} holds a secret key: keep it at its owner's, and export the public one")
    for certificate in certificates:
        check_certificate(certificate)
    return certificates


def check_certificate(certificate: Cert) -> None:
    """Make sure that something can be encrypted to a key now.

    Raises:
        UnusableKey: it can't.
    """
    name = f"key {certificate.fingerprint[-16:].upper()}"
    if certificate.is_revoked:
        raise UnusableKey(f"{name} is revoked")
    if certificate.expiration is not None and certificate.expiration <= datetime.now(UTC):
        raise UnusableKey(f"{name} has expired")
    if not _is_readable(seal(b"", [certificate], name=name, armor=False)):
        raise UnusableKey(f"{name} is of a kind that GnuPG and Thunderbird can't read messages to")


def seal(content: bytes, certificates: Sequence[Cert], *, name: str = "a key", armor: bool = True) -> bytes:
    """Encrypt to every one of these keys. Blocks, some 4 ms a megabyte, and lets go of the interpreter meanwhile.

    Raises:
        UnusableKey: one of them has no encryption key that is valid now.
    """
    try:
        return bytes(encrypt(content, recipients=list(certificates), armor=armor))
    except Exception:  # noqa: BLE001 - its message holds a backtrace
        raise UnusableKey(f"{name} has no encryption key that is valid now") from None


def _is_secret(content: bytes) -> bool:
    """Whether a file is armored as a secret key, or begins with such a packet (RFC 9580, 4.2: old format or new)."""
    return b"PRIVATE KEY BLOCK" in content or content[0] >> 2 == _OLD_SECRET_KEY or content[0] == _SECRET_KEY


def _is_readable(message: bytes) -> bool:
    return message[0] == _PKESK and message[2] == _READABLE_VERSION
