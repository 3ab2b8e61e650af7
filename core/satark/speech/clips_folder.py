"""Fills a folder with the clips for voice notes: coded from recordings, or rendered by the synthetic voice."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from satark.speech.encoder import encode, encode_files
from satark.speech.synthetic_voice import can_speak, speak

SUFFIX: Final = ".ogg"
RECORDED_SUFFIXES: Final = (".wav", ".mp3", ".m4a", ".ogg", ".flac")
_SAMPLES: Final = 16_000
_SILENCE: Final = b"\0"
"""The synthetic voice ends each line with almost half a second of such bytes. A pause follows it in a voice note."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """How many clips a folder got from recordings and from the synthetic voice, and which lines have no clip."""

    recorded: int
    rendered: int
    missing: tuple[str, ...]


def fill_folder(lines: Mapping[str, tuple[str, str]], folder: Path, recordings: Path | None, pause: str) -> Filled:
    """Make the clips that a folder lacks. Blocks for a few seconds per hundred clips.

    Args:
        lines: name of a clip → its language and its text.
        folder: the folder for the clips, which is made if it is missing.
        recordings: a folder of sound files with the clips' names; a clip that has such a file is made again.
        pause: the name of the clip without sound, which is written last, as the sign that the folder is complete.

    Raises:
        satark.speech.encoder.EncoderError: a recording can't be read.
        satark.speech.synthetic_voice.SyntheticVoiceError: the synthetic voice failed.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recorded = _recorded(lines, recordings)
    there = {file.stem for file in folder.glob(f"*{SUFFIX}")} | recorded.keys()
    absent = {name: line for name, line in lines.items() if name not in there}
    spoken = {name: line for name, line in absent.items() if can_speak(line[0])}
    with TemporaryDirectory(prefix=".making-", dir=folder) as work:
        _encode(recorded, Path(work), folder)
        _encode(_spoken(spoken, Path(work)), Path(work), folder)
    (folder / f"{pause}{SUFFIX}").write_bytes(encode(_silence(0.3)))
    return Filled(recorded=len(recorded), rendered=len(spoken), missing=tuple(sorted(absent.keys() - spoken.keys())))


def _recorded(lines: Mapping[str, tuple[str, str]], recordings: Path | None) -> dict[str, Path]:
    files = sorted(recordings.iterdir()) if recordings else []
    return {file.stem: file for file in files if file.stem in lines and file.suffix in RECORDED_SUFFIXES}


def _spoken(lines: Mapping[str, tuple[str, str]], work: Path) -> dict[str, Path]:
    """Let the synthetic voice read lines; return the sound file of each line."""
    files: dict[str, Path] = {}
    for name, (language, text) in lines.items():
        files[name] = work / f"{name}.wav"
        files[name].write_bytes(speak(text, language).rstrip(_SILENCE))
    return files


def _encode(files: Mapping[str, Path], work: Path, folder: Path) -> None:
    """Code sound files as clips; a clip appears in the folder only once it is complete."""
    made = {name: work / f"{name}{SUFFIX}" for name in files}
    encode_files({source: made[name] for name, source in files.items()})
    for name, file in made.items():
        file.replace(folder / f"{name}{SUFFIX}")


def _silence(seconds: float) -> bytes:
    """Return a WAV file without sound."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLES)
        sound.writeframes(bytes(2 * round(seconds * _SAMPLES)))
    return made.getvalue()
