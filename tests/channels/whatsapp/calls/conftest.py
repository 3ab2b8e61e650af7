"""Voice notes that a call plays: each part is a separate clip, so that tests can identify the played parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.prompt import SpokenPart, VoiceNote
from satark.speech.ogg_opus import write_file
from satark_whatsapp.calls.sounds import beep


class NamedClips:
    """Makes notes from the first packets of a tone: one packet for a clip, two for a synthetic voice. `made` has the
    parts.
    """

    ready = True

    def __init__(self, *clips: str) -> None:
        self.clips = clips
        self.made: list[SpokenPart] = []

    def make(self, note: VoiceNote) -> bytes:
        """Make a note; return nothing if the clip does not exist."""
        (part,) = note.parts
        if isinstance(part, str) and part not in self.clips:
            return b""
        self.made.append(part)
        return write_file(beep()[: 1 if isinstance(part, str) else 2])


@pytest.fixture
def clips() -> Callable[..., NamedClips]:
    """Return the class of notes: call it with the names of the clips."""
    return NamedClips
