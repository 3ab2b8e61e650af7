"""OpenPGP encryption to recipients' public keys. Keys are imported, never generated here.

A key that advertises RFC 9580 is refused, because a message to it has a `PKESK` of version 6, which GnuPG 2.4 and
Thunderbird can't read. pysequoia generates such keys.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pysequoia import Cert, encrypt

_PKESK = 0xC1
"""First byte of a packet with tag 1 in the new format (RFC 9580, 4.2.1): the session key for one recipient."""
_READABLE_VERSION = 3
_SECRET_KEY = 0xC5
_OLD_SECRET_KEY = 0x94 >> 2


class CantOpen(Exception):  # noqa: N818 - it reads as what it says
    """A key file holds no key, or a key that can't be used to encrypt; the message says why."""


def load_certificates(path: Path) -> list[Cert]:
    """Read a file of public keys, armored or binary, and check that each can be used now.

    Raises:
        CantOpen: the file can't be read, or a key is expired, revoked, secret, or of a kind that mail programs
            can't read messages for.
    """
    try:
        content = path.read_bytes()
        certificates = Cert.split_bytes(content)
    except OSError as error:
        raise CantOpen(f"{path} can't be read ({type(error).__name__})") from None
    except Exception:  # noqa: BLE001 - pysequoia raises RuntimeError and others, with a backtrace in the message
        raise CantOpen(f"{path} holds no OpenPGP keys") from None
    if not certificates:
        raise CantOpen(f"{path} holds no OpenPGP keys")
    if _is_secret(content):
        raise CantOpen(f"{path} holds a secret key: leave it with its owner, and export the public key")
    for certificate in certificates:
        check_certificate(certificate)
    return certificates


def check_certificate(certificate: Cert) -> None:
    """Check that a key can be used to encrypt now.

    Raises:
        CantOpen: the key can't be used.
    """
    name = f"key {certificate.fingerprint[-16:].upper()}"
    if certificate.is_revoked:
        raise CantOpen(f"{name} is revoked")
    if certificate.expiration is not None and certificate.expiration <= datetime.now(UTC):
        raise CantOpen(f"{name} has expired")
    if not _is_readable(seal(b"", [certificate], name=name, armor=False)):
        raise CantOpen(f"{name} is of a kind that GnuPG and Thunderbird can't read messages for")


def seal(content: bytes, certificates: Sequence[Cert], *, name: str = "a key", armor: bool = True) -> bytes:
    """Encrypt to all of these keys. Blocks for some 4 ms per megabyte, without holding the GIL.

    Raises:
        CantOpen: one of the keys has no encryption key that is valid now.
    """
    try:
        return bytes(encrypt(content, recipients=list(certificates), armor=armor))
    except Exception:  # noqa: BLE001 - its message holds a backtrace
        raise CantOpen(f"{name} has no encryption key that is valid now") from None


def _is_secret(content: bytes) -> bool:
    """Whether a file is an armored secret key, or begins with a secret-key packet (RFC 9580, 4.2: both formats)."""
    return b"PRIVATE KEY BLOCK" in content or content[0] >> 2 == _OLD_SECRET_KEY or content[0] == _SECRET_KEY


def _is_readable(message: bytes) -> bool:
    return message[0] == _PKESK and message[2] == _READABLE_VERSION
