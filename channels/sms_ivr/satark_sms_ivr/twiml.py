"""TwiML documents: Twilio's own library makes them; here they are written so that XML can carry all that was said.

twilio is imported where it is used: whoever has no account there needs no library of theirs.
"""

from __future__ import annotations

import re
from typing import Any, Final

from satark.channel import RawResponse

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for: a word processor's line break in an officer's words, a text message's page break."""


def voice_response() -> Any:
    """Begin the answer to a moment of a call."""
    from twilio.twiml.voice_response import VoiceResponse  # noqa: PLC0415 - an extra

    return VoiceResponse()


def messaging_response() -> Any:
    """Begin the answer to a text message."""
    from twilio.twiml.messaging_response import MessagingResponse  # noqa: PLC0415 - an extra

    return MessagingResponse()


def answer(document: str = "") -> RawResponse:
    """Answer a webhook with a document; empty: with nothing, where Twilio expects none."""
    return RawResponse(media_type="application/xml; charset=utf-8", body=_NOT_XML.sub(" ", document).encode())
