"""TwiML documents, without characters that XML does not allow.

Source: Twilio, "TwiML for Programmable Voice" and "TwiML for Programmable Messaging".
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from satark.api import RawResponse

NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, such as vertical tabs and form feeds in pasted text."""


def document() -> Element:
    """Create an empty document."""
    return Element("Response")


def add(parent: Element, verb: str, text: str = "", **attributes: object) -> Element:
    """Add a verb to a document or to another verb, and return it. Attributes that are None are left out."""
    made = SubElement(parent, verb, {name: str(value) for name, value in attributes.items() if value is not None})
    made.text = text
    return made


def add_text(verb: Element, text: str) -> None:
    """Add words at the end of a verb."""
    last = verb[-1] if len(verb) else None
    if last is None:
        verb.text = f"{verb.text or ''}{text}"
    else:
        last.tail = f"{last.tail or ''}{text}"


def response(root: Element | None = None) -> RawResponse:
    """Return a document as a webhook's response. Without a document, the response has no content."""
    text = "" if root is None else f'<?xml version="1.0" encoding="UTF-8"?>{tostring(root, "unicode")}'
    return RawResponse(media_type="application/xml; charset=utf-8", body=NOT_XML.sub(" ", text).encode())
