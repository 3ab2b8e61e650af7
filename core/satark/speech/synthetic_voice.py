"""Reads a transcript aloud with a synthetic voice, so that officers hear the words but not the person who spoke them.

The voice is Debian's espeak-ng, if it is installed. The text goes through a pipe and the sound stays in memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Final

from satark_words.languages import language as known_language

PROGRAM: Final = "espeak-ng"
MIME: Final = "audio/wav"
WORDS_A_MINUTE: Final = 140
MOST_SECONDS: Final = 60
"""Seconds that reading a transcript may take; the longest transcript takes less than five."""


class SyntheticVoiceError(Exception):
    """The program is missing or failed; the message says nothing about the text."""


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
