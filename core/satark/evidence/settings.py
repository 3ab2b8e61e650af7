"""The section `[evidence]` of the settings: how much of anything is too much; see `satark.evidence.limits`."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

from satark.evidence.limits import Limits

_USUAL: Final = Limits()


class EvidenceSettings(BaseModel):
    """What one file and one tip may be, and what cleaning a file may cost."""

    file_bytes: int = Field(
        default=_USUAL.file_bytes,
        gt=0,
        le=2_000_000_000,
        description="bytes of one file; a larger one is refused while it streams in",
    )
    tip_files: int = Field(default=_USUAL.tip_files, gt=0, description="files of one tip")
    tip_bytes: int = Field(default=_USUAL.tip_bytes, gt=0, description="bytes of all files of one tip")
    pixels: int = Field(
        default=_USUAL.pixels, gt=0, description="pixels of one picture, all its frames or pages together"
    )
    pages: int = Field(default=_USUAL.pages, gt=0, description="pages of one document")
    seconds: int = Field(default=_USUAL.seconds, gt=0, description="seconds that a recording may play")
    expansion: int = Field(
        default=_USUAL.expansion, gt=0, description="bytes that one byte of a file may unpack to, past 16 MB"
    )
    cpu_seconds: int = Field(
        default=_USUAL.cpu_seconds, gt=0, description="seconds of processor time for cleaning one file"
    )
    wall_seconds: float = Field(
        default=_USUAL.wall_seconds, gt=0, description="seconds by the clock for cleaning one file"
    )
    memory_bytes: int = Field(
        default=_USUAL.memory_bytes,
        ge=500_000_000,
        description="bytes of address space for each process that cleans, its code included",
    )

    def limits(self) -> Limits:
        """Give them as the pipeline takes them."""
        return Limits(**self.model_dump())
