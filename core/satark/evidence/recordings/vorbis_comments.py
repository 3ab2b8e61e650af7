"""Comments in the heads of Vorbis and Theora where another container holds them (Matroska, WebM, MP4).

ffmpeg writes them anew in Ogg, and carries them over in these. They are blanked in place: all of them becomes the name
of the maker, in blanks, and no comment follows. Layout: Vorbis I specification, section 5.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = 1 << 20
"""Bytes at the beginning of a file of ours in which the heads lie: ahead of the pictures."""
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
    maker = size - 8
    return maker.to_bytes(4, "little") + b" " * maker + bytes(4)


def _end(head: bytes, at: int) -> int:
    """The place after the last comment."""
    at = _after_text(head, at)
    count = int.from_bytes(head[at : at + 4], "little")
    at += 4
    while count and at <= len(head):
        at = _after_text(head, at)
        count -= 1
    return at if not count else len(head) + 1


def _after_text(head: bytes, at: int) -> int:
    return at + 4 + int.from_bytes(head[at : at + 4], "little")
