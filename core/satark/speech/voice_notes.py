"""Makes clips, from recordings or by the synthetic voice, and joins the voice notes of a chat from them.

A clip is a file `<name>.ogg` in the folder of the setting `voice_clips`; `satark voice render` fills that folder.

The synthetic voice is Debian's espeak-ng, if it is installed. It also reads transcripts aloud, so that officers hear
the words but not the person who spoke them. The text goes through a pipe and the sound stays in memory.
"""

import io
import os
import shutil
import subprocess
import wave
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from satark.api.prompt import SpokenPart, VoiceNote
from satark.speech.ogg_opus import EncoderError, NotOpusError, encode, encode_files, read_packets, write_file
from satark_words.languages import language as known_language

PAUSE: Final = "pause"
"""Name of the clip without sound that stands between two lines. It is written last, when the folder is complete."""
_SUFFIX: Final = ".ogg"
_RECORDED: Final = (".wav", ".mp3", ".m4a", ".ogg", ".flac")
_SAMPLES: Final = 16_000
_SILENCE: Final = b"\0"
"""Bytes of silence. The synthetic voice ends each line with half a second of them; a voice note adds a pause."""


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


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """How many clips a folder got from recordings and from the synthetic voice, and which lines have no clip."""

    recorded: int
    rendered: int
    missing: tuple[str, ...]


def fill_folder(lines: Mapping[str, tuple[str, str]], folder: Path, recordings: Path | None) -> Filled:
    """Make the clips that a folder lacks. Blocks for a few seconds per hundred clips.

    `lines`: name of a clip → its language and its text; `recordings`: a folder of sound files with the clips' names. A
    clip that has such a file is made again.

    Raises:
        satark.speech.ogg_opus.EncoderError: a recording can't be read.
        satark.speech.voice_notes.SyntheticVoiceError: the synthetic voice failed.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(recordings.iterdir()) if recordings else []
    recorded = {file.stem: file for file in files if file.stem in lines and file.suffix in _RECORDED}
    there = {file.stem for file in folder.glob(f"*{_SUFFIX}")} | recorded.keys()
    absent = {name: line for name, line in lines.items() if name not in there}
    spoken = {name: line for name, line in absent.items() if can_speak(line[0])}
    with TemporaryDirectory(prefix=".making-", dir=folder) as work:
        _encode(recorded, Path(work), folder)
        _encode(_spoken(spoken, Path(work)), Path(work), folder)
    (folder / f"{PAUSE}{_SUFFIX}").write_bytes(encode(_silence(0.3)))
    return Filled(recorded=len(recorded), rendered=len(spoken), missing=tuple(sorted(absent.keys() - spoken.keys())))


def _spoken(lines: Mapping[str, tuple[str, str]], work: Path) -> dict[str, Path]:
    """Let the synthetic voice read lines; return the sound file of each line."""
    files: dict[str, Path] = {}
    for name, (language, text) in lines.items():
        files[name] = work / f"{name}.wav"
        files[name].write_bytes(speak(text, language).rstrip(_SILENCE))
    return files


def _encode(files: Mapping[str, Path], work: Path, folder: Path) -> None:
    """Code sound files as clips; a clip appears in the folder only once it is complete."""
    made = {name: work / f"{name}{_SUFFIX}" for name in files}
    encode_files({source: made[name] for name, source in files.items()})
    for name, file in made.items():
        file.replace(folder / f"{name}{_SUFFIX}")


def _silence(seconds: float) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLES)
        sound.writeframes(bytes(2 * round(seconds * _SAMPLES)))
    return made.getvalue()


PROGRAM: Final = "espeak-ng"
MIME: Final = "audio/wav"
WORDS_A_MINUTE: Final = 140
MOST_SECONDS: Final = 60
"""Most seconds that reading a transcript may take. The longest transcript takes less than five."""


class SyntheticVoiceError(Exception):
    """The program for the synthetic voice is missing or failed; the message says nothing about the text."""


def can_speak(language: str) -> bool:
    """Return whether a transcript in a language can be read aloud on this machine."""
    return bool(known_language(language).espeak) and shutil.which(PROGRAM) is not None


def speak(text: str, language: str) -> bytes:
    """Read a text aloud; return the sound, of the type `MIME`. Blocks.

    Raises:
        SyntheticVoiceError: the program is missing, failed or took too long.
    """
    program, voice = shutil.which(PROGRAM), known_language(language).espeak
    if program is None or not voice:
        raise SyntheticVoiceError(f"install {PROGRAM} to have transcripts read aloud")
    command = [program, "-v", voice, "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command; the text is its input, never its argument
            command, input=text.encode(), capture_output=True, check=True, timeout=MOST_SECONDS,
            env={"PATH": os.defpath},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise SyntheticVoiceError(f"{PROGRAM} failed ({type(error).__name__})") from None
    return done.stdout
