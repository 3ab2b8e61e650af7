"""Recorded prompts: a folder of sound files, each named after its text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from satark.api import clip_name

PATH: Final = "/voice/clips"
_SUFFIXES: Final = (".mp3", ".wav")


class Clips:
    """The recordings in the folder when the program starts. A synthetic voice reads all other lines."""

    def __init__(self, folder: Path | None, public_url: str) -> None:
        files = sorted(folder.iterdir()) if folder else []
        base = public_url.rstrip("/") + PATH
        self._urls = {file.stem: f"{base}/{file.name}" for file in files if file.suffix in _SUFFIXES}

    def url(self, language: str, text: str) -> str:
        """Return the URL of a line's recording; empty where there is none."""
        return self._urls.get(clip_name(language, text), "") if self._urls else ""
