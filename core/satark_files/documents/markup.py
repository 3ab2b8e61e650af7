"""Converts HTML, mail and maps (KML), which hold hidden facts about their writer, to plain text.

Only what a reader sees is kept. A mail keeps its subject and its text: its other headers name the sender, the recipient
and the machines between them. Runs in the sandbox only.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final

from lxml import etree, html

from satark_files.documents import office_xml
from satark_files.documents.plain_text import decode_text, strip_hidden_characters
from satark_files.scrubber import Cleaned, Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits
    from satark_files.scrubber import LeftOut

_INVISIBLE: Final = frozenset(
    "head script style template noscript meta link title iframe object embed svg".split()  # noqa: SIM905 - a list of names
)
_BLOCKS: Final = frozenset(
    "p div br tr li ul ol table h1 h2 h3 h4 h5 h6 section article header footer blockquote pre hr dt dd".split()  # noqa: SIM905 - a list of names
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
_KML_SHOWN: Final = frozenset({"name", "description", "coordinates", "address"})
_KML_UNSEEN: Final = frozenset({"author", "link", "Style", "StyleMap", "ExtendedData", "NetworkLink", "LookAt"})
_EMPTY_LINES: Final = re.compile(r"\n\s*\n\s*\n+")
_RAISES: Final = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError, etree.LxmlError)


class MarkupScrubber:
    """Converts HTML, mail and KML to plain text."""

    mimes = frozenset({"text/html", "message/rfc822", "application/vnd.google-earth.kml+xml"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        del limits
        data = source.read_bytes()
        try:
            text, left_out = _text_of(data)
        except _RAISES:
            raise Unclean("damaged") from None
        words = _EMPTY_LINES.sub("\n\n", strip_hidden_characters(text)).strip()
        if not words:
            raise Unclean("damaged")
        target.write_text(f"{words}\n", encoding="utf-8")
        return Cleaned("text/plain", left_out=left_out)


def _text_of(data: bytes) -> tuple[str, list[LeftOut]]:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<") and b"<kml" in data[:4096]:
        return _kml_text(data), []
    if head.startswith(b"<"):
        return _html_text(decode_text(data)), ["pictures"] if b"<img" in data.lower() else []
    return _mail_text(data)


def _html_text(text: str) -> str:
    """Return the text that a browser shows. Addresses of links are left out: they may hold the reader's own name."""
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False, encoding="utf-8")
    root = html.document_fromstring(text.encode(), parser=parser)
    return "".join(_seen(root))


def _seen(element: etree._Element) -> Iterator[str]:
    """Yield the visible text of an element and its children, without recursion: pages may be nested deeply."""
    waiting: list[etree._Element | str] = [element]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
            continue
        end = "\n" if part.tag in _BLOCKS else ""
        if not isinstance(part.tag, str) or part.tag in _INVISIBLE or _is_hidden(part):
            continue
        yield f"{end}{part.text or ''}"
        waiting.append("" if part.tag == "br" else end)
        for child in reversed(part):
            waiting += [child.tail or "", child]


def _is_hidden(element: etree._Element) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))


def _kml_text(data: bytes) -> str:
    """Return the names, descriptions and coordinates of a map's places."""
    root = office_xml.parse(data)
    for unseen in [one for one in root.iter() if office_xml.local_name(one.tag) in _KML_UNSEEN]:
        office_xml.remove_element(unseen)
    shown = (one for one in root.iter() if office_xml.local_name(one.tag) in _KML_SHOWN and one.text)
    return "\n".join(_html_text(f"<p>{one.text.strip()}</p>").strip() for one in shown if one.text and one.text.strip())


def _mail_text(data: bytes) -> tuple[str, list[LeftOut]]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise Unclean("damaged")
    body = message.get_body(preferencelist=("plain", "html"))
    content = body.get_content() if body is not None else ""
    if not isinstance(content, str):
        raise Unclean("damaged")
    if body is not None and body.get_content_subtype() == "html":
        content = _html_text(content)
    attached = any(True for _ in message.iter_attachments())
    return f"{message.get('Subject', '')}\n\n{content}", ["attachments"] if attached else []
