"""The section `[transcription]` of the settings."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTION: Final = "transcription"


class TranscriptionSettings(BaseModel):
    """Which models draft transcripts, and what they may take of the machine. Without the section there is no draft."""

    models: dict[str, Path] = Field(
        min_length=1,
        description='language -> folder of a sherpa-onnx model, such as `{"hi": "/srv/models/hindi"}`',
        json_schema_extra={"where": "docs/evidence.md says what the folder holds"},
    )
    threads: int = Field(default=2, ge=1, le=64, description="processors that one draft may use")
    seconds: float = Field(
        default=300, gt=0, le=3600, description="seconds by the clock that a draft may take; then it is given up"
    )
    memory_mib: int = Field(
        default=4096, ge=512, description="MiB of address space that the recogniser may take, its model included"
    )
    at_once: int = Field(default=1, ge=1, le=16, description="drafts that are made at the same time on this machine")

    @property
    def folders(self) -> Mapping[str, Path]:
        """The models' folders by language, as absolute paths."""
        return MappingProxyType({language: folder.resolve() for language, folder in self.models.items()})
