"""The context of channels in tests: its voice notes and pictures are bytes that tell them apart."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, cast

import msgspec

from satark.api.prompt import ReceiptPicture, SpokenPart, VoiceNote
from satark.api.services import ChannelContext
from satark_testing.contracts.watching import not_in_the_event_loop
from satark_words.catalogues import Catalogues

PNG: Final = b"\x89PNG\r\n\x1a\n"
"""With what a picture begins."""
_REPEATED: Final = 40
"""Times that a digest stands in a file, so that the file is longer than a text."""


def sample_channel_context() -> ChannelContext:
    """Return a context for tests of a channel: it has the shipped texts, and clips for voice notes."""
    return cast("ChannelContext", _Context())


def sound(note: VoiceNote) -> bytes:
    """Return the file of a voice note."""
    return b"OggS" + _digest(note.parts)


def picture(receipt: ReceiptPicture) -> bytes:
    """Return the file of a receipt's picture."""
    return PNG + _digest((receipt.code,))


def _digest(content: Sequence[SpokenPart]) -> bytes:
    return sha256(msgspec.json.encode(content)).digest() * _REPEATED


class _VoiceNotes:
    ready: Final = True

    def make(self, note: VoiceNote) -> bytes:
        not_in_the_event_loop("C59", "voice_notes.make")
        return sound(note)


class _Context:
    voice_notes: Final = _VoiceNotes()

    def catalogues(self) -> Catalogues:
        return Catalogues.of("satark.dialogue")

    def draw_receipt(self, receipt: ReceiptPicture) -> bytes:
        not_in_the_event_loop("C59", "draw_receipt")
        return picture(receipt)
