"""The mails themselves: a notice that is always the same, an alarm for the operator, a sealed tip as PGP/MIME."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.encoders import encode_7or8bit
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from satark_email.settings import Mailbox

SUBJECT = "Satark"
"""The subject of every notice and every sealed mail: a subject is never encrypted on its way."""

NOTICES = {
    "hi": "सतर्क की सूची देखने का समय है। कृपया डेस्क पर साइन इन करके देखें।\n\n"
    "यह संदेश हर बार एक जैसा होता है, सूची में कुछ हो या न हो। इसका उत्तर न दें।\n",
    "en": "It is time to look at the Satark queue. Please sign in at the desk.\n\n"
    "This message is always the same, whether anything waits there or not. Do not reply to it.\n",
}
ALARM = (
    "A Satark delivery was given up, or a destination is out of reach.\n\n"
    "On the server, run: satark deliveries list\n\nThis message comes at most once an hour.\n"
)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the outside of a mail. Of the same sender and mailbox, every stamp takes the same room."""

    sender: str
    mailbox: Mailbox
    key: str
    """The delivery's idempotency key: from it comes the Message-ID, by which a mail that comes twice is known."""
    when: datetime

    @property
    def message_id(self) -> str:
        """The Message-ID, in angle brackets."""
        return message_id(self.key, self.sender)

    def put(self, message: Message, subject: str) -> None:
        """Put it on a mail."""
        message["From"] = self.sender
        message["To"] = ", ".join(self.mailbox.recipients)
        message["Subject"] = subject
        message["Date"] = format_datetime(self.when)
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday greeting answers it


def message_id(key: str, sender: str) -> str:
    """Derive the Message-ID of a delivery from its idempotency key, which it does not give away."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.partition('@')[2]}>"


def notice(stamp: Stamp) -> bytes:
    """Make the notice: word for word and byte for byte as long as every other one to this mailbox."""
    return _plain(stamp, SUBJECT, NOTICES[stamp.mailbox.language])


def alarm(stamp: Stamp) -> bytes:
    """Make the mail that tells the operator to look at the deliveries."""
    return _plain(stamp, "Satark: deliveries", ALARM)


def sealed(stamp: Stamp, ciphertext: bytes) -> bytes:
    """Put an armored OpenPGP message into a mail (RFC 3156, section 4)."""
    message = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
    stamp.put(message, SUBJECT)
    version = MIMEApplication(b"Version: 1\n", "pgp-encrypted", encode_7or8bit)
    content = MIMEApplication(ciphertext, "octet-stream", encode_7or8bit, name="encrypted.asc")
    content.add_header("Content-Disposition", "inline", filename="encrypted.asc")
    message.attach(version)
    message.attach(content)
    return message.as_bytes(policy=SMTP)


class Attachment(msgspec.Struct, frozen=True):
    """One file of a sealed mail."""

    name: str
    mime: str
    content: bytes

    def __repr__(self) -> str:
        return "Attachment(…)"


def inner(subject: str, text: str, attachments: list[Attachment]) -> bytes:
    """Make what is encrypted: text and files, with the true subject inside (`protected-headers="v1"`).

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
    return message.as_bytes()


def _plain(stamp: Stamp, subject: str, text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    stamp.put(message, subject)
    message.set_content(text, charset="utf-8", cte="base64")
    return message.as_bytes()
