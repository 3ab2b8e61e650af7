"""TwiML documents, written with Twilio's library, without characters that XML does not allow.

The library is imported where it is used, since it is an optional dependency.
"""

from __future__ import annotations

import re
from typing import Any, Final

from satark.api import RawResponse

NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, such as vertical tabs and form feeds in pasted text."""


def voice_response() -> Any:
    """Create the response to a request of a call."""
    from twilio.twiml.voice_response import VoiceResponse  # noqa: PLC0415 - an extra

    return VoiceResponse()


def messaging_response() -> Any:
    """Create the response to a text message."""
    from twilio.twiml.messaging_response import MessagingResponse  # noqa: PLC0415 - an extra

    return MessagingResponse()


def response(document: str = "") -> RawResponse:
    """Return a document as a webhook's response. Without a document, the response has no content."""
    return RawResponse(media_type="application/xml; charset=utf-8", body=NOT_XML.sub(" ", document).encode())
