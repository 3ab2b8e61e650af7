"""Blanks the comments in Vorbis and Theora headers inside Matroska, WebM and MP4.

ffmpeg writes new comments in Ogg, but carries the old ones over in these containers. They are blanked in place: the
whole block becomes a vendor string of spaces, followed by no comment. Layout: Vorbis I specification, section 5.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = 1 << 20
"""Bytes at the beginning of a file that ffmpeg wrote in which the headers lie: before the frames."""
_COMMENTS: Final = re.compile(rb"\x03vorbis|\x81theora")


def blank_comments(path: Path) -> None:
    """Blank the comments of a file that ffmpeg wrote, if there are any."""
    with path.open("r+b") as file:
        head = file.read(HEAD)
        for found in _COMMENTS.finditer(head):
            end = _end(head, found.end())
            if end <= len(head):
                file.seek(found.end())
                file.write(_blank(end - found.end()))


def _blank(size: int) -> bytes:
    vendor = size - 8
    return vendor.to_bytes(4, "little") + b" " * vendor + bytes(4)


def _end(head: bytes, at: int) -> int:
    """Return the offset after the last comment."""
    at = _after_text(head, at)
    count = int.from_bytes(head[at : at + 4], "little")
    at += 4
    while count and at <= len(head):
        at = _after_text(head, at)
        count -= 1
    return at if not count else len(head) + 1


def _after_text(head: bytes, at: int) -> int:
    return at + 4 + int.from_bytes(head[at : at + 4], "little")
