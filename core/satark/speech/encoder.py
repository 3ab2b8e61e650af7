"""Codes sound like the clips and voice notes of chats: Opus in Ogg, one channel, frames of 20 ms.

It runs the ffmpeg program of imageio-ffmpeg.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from satark_files.extra_packages import needing

KILOBITS: Final = 20
"""Kilobits a second: speech is clear, and a minute takes 150 kB."""
MOST_SECONDS: Final = 120
"""Seconds that coding one batch of files may take."""

_FILES_AT_ONCE: Final = 40
_CODED: Final = (
    "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", f"{KILOBITS}k", "-application", "voip",
    "-frame_duration", "20", "-compression_level", "4", "-map_metadata", "-1", "-f", "ogg",
)  # fmt: skip
_SAFE: Final = ("-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe", "-y")


class EncoderError(Exception):
    """ffmpeg failed or took too long; the message says nothing about the sound."""


def encode_files(files: Mapping[Path, Path]) -> None:
    """Code sound files: source → target. Blocks.

    Raises:
        EncoderError: a file can't be read, or ffmpeg took too long.
    """
    pairs = list(files.items())
    for start in range(0, len(pairs), _FILES_AT_ONCE):
        batch = pairs[start : start + _FILES_AT_ONCE]
        sources = [part for source, _ in batch for part in ("-i", f"file:{source}")]
        targets = [
            part for at, (_, target) in enumerate(batch) for part in ("-map", f"{at}:a:0", *_CODED, f"file:{target}")
        ]
        _run([*sources, *targets], b"")


def encode(wav: bytes) -> bytes:
    """Code one WAV file; return the Ogg file. Blocks.

    Raises:
        EncoderError: the file can't be read, or ffmpeg took too long.
    """
    return _run(["-f", "wav", "-i", "pipe:0", *_CODED, "pipe:1"], wav)


def _run(arguments: list[str], given: bytes) -> bytes:
    with needing("evidence"):
        from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415 - few processes code sound

    command = [get_ffmpeg_exe(), *_SAFE, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, input=given or None, capture_output=True, check=True, timeout=MOST_SECONDS,
            env={"PATH": os.defpath},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise EncoderError(f"ffmpeg failed ({type(error).__name__})") from None
    return done.stdout
