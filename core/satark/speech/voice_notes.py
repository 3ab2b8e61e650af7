"""The voice notes of a chat, joined of clips that were recorded, or rendered when the service was built.

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
    """Makes voice notes of the clips in a folder. None: there are no clips, and no channel reads anything out."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._names: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names of the clips, as they are when the folder is first found complete; none until then."""
        folder = self._folder
        if not self._names and folder is not None and (folder / f"{PAUSE}{_SUFFIX}").is_file():
            self._names = frozenset(file.stem for file in folder.iterdir() if file.suffix == _SUFFIX)
        return self._names

    @property
    def ready(self) -> bool:
        """Whether there are clips to make notes of."""
        return bool(self.names)

    def make(self, note: VoiceNote) -> bytes:
        """Join a note's parts to one file, Ogg with Opus; empty: nothing of it can be heard. Blocks.

        A part whose clip is gone or damaged, and words that no synthetic voice on this machine reads, are left out: the
        text above says the same.
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
