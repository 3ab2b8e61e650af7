"""Reads mails and saved web pages (MHTML): the subject, the text that a reader sees, and the attached files.

All other headers name the sender, the recipient and the machines between them. Runs in the sandbox only.
"""

import email
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

from lxml import etree

from satark_files.documents.markup import html_text
from satark_files.documents.plain_text import decode_text
from satark_files.documents.prose_check import is_written
from satark_files.scrubber import Unclean

_RAISES: Final = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError, etree.LxmlError)
_HEADER: Final = re.compile(rb"^[!-9;-~]{1,99}:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_LONGEST_HEADER: Final = 16_384
"""Most bytes of one header: the time in which Python reads it grows with its square."""
_BEFORE: Final = re.compile(rb"(?:\xef\xbb\xbf|[ \t]*\r?\n)*")
"""Matches UTF-8's mark and blank lines before the first header: after these, Python would take the headers for text."""
_DEEPEST: Final = 50
"""Greatest depth of nested parts: each line is compared with the ends of all parts around it."""
_LINES: Final = 100_000
"""Most lines, besides those of forty bytes on average."""
_NAMES: Final = re.compile(
    r"[>*\s]*(?:(?:From|To|Cc|Bcc|Reply-To|Sender|Sent)\b.{0,9}:|(?:प्रेषक|प्रति) ?:|.{0,400}<[^<>\s]+@[^<>\s]+>.{0,20}:?$"
    r"|(?:On\b.{0,400}\bwrote|.{0,400} ने लिखा):$)"
)
"""Lines of a quoted or forwarded mail that name people."""
_PARAGRAPHS: Final = re.compile(r"\n[>\s]*\n")


def read_mail(data: bytes) -> tuple[str, list[bytes]]:
    """Return the text of a mail, and its attached files.

    Raises:
        Unclean: the mail is damaged, or takes longer to read than any mail from a program.
    """
    data = _BEFORE.sub(b"", decode_text(data).encode() if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else data, count=1)
    if (
        data[:1].isspace()
        or any(len(found[0]) > _LONGEST_HEADER for found in _HEADER.finditer(data))
        or data.lower().count(b"multipart/") > _DEEPEST
        or data.count(b"\n") > _LINES + len(data) // 40
    ):
        raise Unclean("damaged")
    try:
        mail = email.message_from_bytes(data)
        parts = _parts(mail)
        texts = [str(make_header(decode_header(one["Subject"]))) for one in mail.walk() if one["Subject"]]
        texts += [_text_of(one) for one in parts if _is_text(one)]
        files = [one.get_payload(decode=True) for one in parts if not _is_text(one)]
    except _RAISES:
        raise Unclean("damaged") from None
    return "\n\n".join(texts), [content for content in files if isinstance(content, bytes)]


def _parts(mail: Message) -> list[Message]:
    """Return the parts of a mail and of the mails in it, without an HTML version of a plain text."""
    if not mail.is_multipart():
        return [mail]
    children = mail.get_payload()
    found = [part for child in children if isinstance(child, Message) for part in _parts(child)]
    kinds = {part.get_content_type() for part in found}
    if mail.get_content_type() == "multipart/alternative" and "text/plain" in kinds:
        return [part for part in found if part.get_content_type() != "text/html"]
    return found


def _text_of(part: Message) -> str:
    content = part.get_payload(decode=True)
    text = content.decode(part.get_content_charset("utf-8"), "replace") if isinstance(content, bytes) else ""
    text = html_text(text) if part.get_content_type() == "text/html" and text.strip() else text
    text = "\n".join(line for line in text.splitlines() if not _NAMES.match(line[:1000]))
    return "\n\n".join(one if is_written(one) else "…" for one in _PARAGRAPHS.split(text))


def _is_text(part: Message) -> bool:
    shown = part.get_content_disposition() != "attachment" and part.get_filename() is None
    return shown and part.get_content_type() in {"text/plain", "text/html"}
