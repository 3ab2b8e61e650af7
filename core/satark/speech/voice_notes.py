"""Joins the voice notes of a chat from clips, which were recorded, or rendered when the service was built.

A clip is a file `<name>.ogg` in the folder of the setting `voice_clips`; `satark voice render` fills that folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from satark.api.prompt import SpokenPart, VoiceNote
from satark.speech.encoder import EncoderError, encode
from satark.speech.ogg_opus import NotOpusError, read_packets, write_file
from satark.speech.synthetic_voice import SyntheticVoiceError, speak

PAUSE: Final = "pause"
"""Name of the clip without sound that stands between two lines."""
_SUFFIX: Final = ".ogg"


class VoiceNotes:
    """Makes voice notes from the clips in a folder. Without a folder there are no clips, and no channel reads aloud."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._names: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names of the clips when the folder was first found complete; empty before that."""
        folder = self._folder
        if not self._names and folder is not None and (folder / f"{PAUSE}{_SUFFIX}").is_file():
            self._names = frozenset(file.stem for file in folder.iterdir() if file.suffix == _SUFFIX)
        return self._names

    @property
    def ready(self) -> bool:
        """Whether there are clips for voice notes."""
        return bool(self.names)

    def make(self, note: VoiceNote) -> bytes:
        """Join a note's parts into one file, Opus in Ogg; return nothing if no part can be heard. Blocks.

        A part is left out if its clip is missing or damaged, or if no synthetic voice on this machine reads its words.
        The text above the note says the same.
        """
        packets = [packet for part in note.parts for packet in self._packets(part)]
        return write_file(packets) if packets else b""

    def _packets(self, part: SpokenPart) -> tuple[bytes, ...]:
        try:
            if isinstance(part, str):
                return self._clip(part)
            language, words = part
            return read_packets(encode(speak(words, language)))
        except (OSError, NotOpusError, SyntheticVoiceError, EncoderError):
            return ()

    def _clip(self, name: str) -> tuple[bytes, ...]:
        if self._folder is None or name not in self.names:
            return ()
        return read_packets((self._folder / f"{name}{_SUFFIX}").read_bytes())
