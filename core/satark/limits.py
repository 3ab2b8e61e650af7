"""How much of anything one file and one tip may be, and what cleaning a file may cost."""

from __future__ import annotations

import msgspec

MB = 1_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on evidence. WhatsApp itself takes documents up to 100 MB, videos and sound up to 16 MB.

    Source: WhatsApp Business Platform, Cloud API reference, "Media", section "Supported media types".
    """

    file_bytes: int = 100 * MB
    """Bytes of one file; over it the file is refused while it still streams in."""
    tip_files: int = 30
    """Files of one tip."""
    tip_bytes: int = 500 * MB
    """Bytes of all files of one tip."""
    pixels: int = 100 * MB
    """Pixels of one picture, all its frames or pages together; of a video, pixels of one frame."""
    pages: int = 500
    """Pages of one document."""
    seconds: int = 6 * 60 * 60
    """Seconds that a recording may play."""
    expansion: int = 2_000
    """Bytes that one byte of a file may unpack to, once it unpacks to more than 16 MB."""
    cpu_seconds: int = 60
    """Seconds of processor time for cleaning one file."""
    wall_seconds: float = 120.0
    """Seconds by the clock for cleaning one file."""
    memory_bytes: int = 2_000 * MB
    """Bytes of address space for each process that cleans (threads' stacks and code count too)."""
    open_files: int = 64
    """Files that each process that cleans may have open."""

    def expands_too_much(self, packed: int, unpacked: int) -> bool:
        """Whether so many bytes of a file may not unpack to so many."""
        return unpacked > 16 * MB and unpacked > self.expansion * packed
