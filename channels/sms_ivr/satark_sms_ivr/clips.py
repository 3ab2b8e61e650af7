"""Prompts as recordings: a folder of sound files, each named by what it says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

PATH: Final = "/voice/clips"
_SUFFIXES: Final = (".mp3", ".wav")


class Clips:
    """The recordings that there are when the program starts. Whatever has none is read by a synthetic voice."""

    def __init__(self, folder: Path | None, public_url: str) -> None:
        files = sorted(folder.iterdir()) if folder else []
        base = public_url.rstrip("/") + PATH
        self._urls = {file.stem: f"{base}/{file.name}" for file in files if file.suffix in _SUFFIXES}

    def url(self, language: str, text: str) -> str:
        """Give the address of the recording of a line, or nothing."""
        return self._urls.get(clip_name(language, text), "") if self._urls else ""


def clip_name(language: str, text: str) -> str:
    """Name the recording of a line, without its suffix: the language, and the beginning of the line's SHA-256."""
    return f"{language}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
