"""Limits on evidence, the defaults of the settings: sizes of files and tips, and the resources of cleaning a file."""

from __future__ import annotations

import msgspec

__all__ = [
    "MB",
    "Limits",
]

MB = 1_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits on evidence. WhatsApp accepts documents up to 100 MB, video and audio up to 16 MB.

    Source: WhatsApp Business Platform, Cloud API reference, "Media", section "Supported media types".
    """

    file_bytes: int = 100 * MB
    """Bytes of one file; a larger one is refused while it streams in."""
    tip_files: int = 30
    """Files of one tip."""
    tip_bytes: int = 500 * MB
    """Bytes of all files of one tip."""
    pixels: int = 100 * MB
    """Pixels of an image, all its frames or pages together; of a video, pixels of one frame."""
    photo_pixels: int = 250 * MB
    """Pixels of a photo (JPEG), which is checked at an eighth of its size: the largest phones take 200 megapixels."""
    pages: int = 500
    """Pages of one document."""
    seconds: int = 6 * 60 * 60
    """Seconds of playing time of one recording."""
    expansion: int = 2_000
    """Bytes that one packed byte may unpack to, in files that unpack to more than 16 MB."""
    cpu_seconds: int = 60
    """Seconds of processor time for cleaning one file."""
    wall_seconds: float = 120.0
    """Seconds of wall-clock time for cleaning one file."""
    memory_bytes: int = 2_000 * MB
    """Bytes of address space of each cleaning process, stacks and code included."""
    open_files: int = 64
    """Open files of each cleaning process."""

    def expands_too_much(self, packed: int, unpacked: int) -> bool:
        """Whether a file of `packed` bytes may not unpack to `unpacked` bytes."""
        return unpacked > 16 * MB and unpacked > self.expansion * packed
