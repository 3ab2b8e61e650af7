"""Opens a PGP/MIME mail with the keyring of its recipient."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from support.peers.gnupg import Keyring


def open_mail(keyring: Keyring, mail: Any) -> Any:
    """Decrypt a PGP/MIME mail as a mail program does (RFC 3156, section 4); return the inner message.

    Raises:
        AssertionError: the mail does not have the structure that the RFC requires.
        subprocess.CalledProcessError: it can't be decrypted.
    """
    version, content = mail.get_payload()
    matches = (
        mail.get_content_type() == "multipart/encrypted",
        mail.get_param("protocol") == "application/pgp-encrypted",
        version.get_content_type() == "application/pgp-encrypted",
        version.get_payload(decode=True).strip() == b"Version: 1",
        content.get_content_type() == "application/octet-stream",
    )
    if not all(matches):
        raise AssertionError(f"not PGP/MIME: {matches}")
    inner = keyring.decrypt(content.get_payload(decode=True))
    return message_from_bytes(inner, _class=EmailMessage, policy=default)
