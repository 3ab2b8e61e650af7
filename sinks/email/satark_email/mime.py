"""MIME messages: the constant notification, the alarm for operators, and an encrypted tip as PGP/MIME."""

import hashlib
from datetime import datetime
from email.encoders import encode_7or8bit
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from satark.api import Redacted, size_class
from satark_email.settings import EmailDestination
from satark_words.catalogues import Catalogues

LEAST_BYTES = 1 << 14
"""Size in bytes of the smallest encrypted content. With eight sizes a doubling, sizes match no file."""
SUBJECT = "Satark"
"""The subject of every notification and every encrypted mail: mail servers can read a subject."""


class OuterHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """The readable headers of a mail. For one sender and destination they always have the same size in bytes."""

    sender: str
    destination: EmailDestination
    key: str
    """The delivery's idempotency key. The Message-ID is derived from it, so that a repeated mail can be recognised."""
    when: datetime

    @property
    def message_id(self) -> str:
        """The Message-ID, in angle brackets."""
        return message_id(self.key, self.sender)

    def set_on(self, message: Message, subject: str) -> None:
        message["From"] = self.sender
        message["To"] = ", ".join(self.destination.recipients)
        message["Subject"] = subject
        message["Date"] = format_datetime(self.when)
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic reply answers it


def message_id(key: str, sender: str) -> str:
    """Derive the Message-ID of a delivery from its idempotency key. Nobody can derive the key from the Message-ID."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.partition('@')[2]}>"


def notification_text(language: str) -> str:
    return Catalogues.of("satark_email")[language].text("notification")


def notification(headers: OuterHeaders) -> bytes:
    """Build the notification: the same text and size, to the byte, as every other one to this destination."""
    return _plain_text(headers, SUBJECT, notification_text(headers.destination.language))


def alarm(headers: OuterHeaders, text: str) -> bytes:
    """Build the mail that tells an operator of an alarm."""
    return _plain_text(headers, "Satark: please look", f"{text}\n")


def pgp_mime(headers: OuterHeaders, ciphertext: bytes) -> bytes:
    """Put an armored OpenPGP message into a mail (RFC 3156, section 4)."""
    message = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
    headers.set_on(message, SUBJECT)
    version = MIMEApplication(b"Version: 1\n", "pgp-encrypted", encode_7or8bit)
    content = MIMEApplication(ciphertext, "octet-stream", encode_7or8bit, name="encrypted.asc")
    content.add_header("Content-Disposition", "inline", filename="encrypted.asc")
    message.attach(version)
    message.attach(content)
    return message.as_bytes(policy=SMTP)


class Attachment(Redacted, frozen=True):
    """One file of an encrypted mail."""

    name: str
    mime: str
    content: bytes


def protected_content(subject: str, text: str, attachments: list[Attachment]) -> bytes:
    """Build the part that is encrypted: text, files and the real subject (`protected-headers="v1"`).

    Thunderbird, K-9 and others show that subject in place of the outer one.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message.set_content(text, charset="utf-8", cte="base64")
    message.make_mixed()
    for one in attachments:
        kind, _, subtype = one.mime.partition("/")
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    message.set_param("protected-headers", "v1")
    # Behind the last part no mail program shows anything (RFC 2046, 5.1.1).
    content = message.as_bytes()
    return content.ljust(size_class(len(content), LEAST_BYTES, 8), b"\n")


def _plain_text(headers: OuterHeaders, subject: str, text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    headers.set_on(message, subject)
    message.set_content(text, charset="utf-8", cte="base64")
    return message.as_bytes()
