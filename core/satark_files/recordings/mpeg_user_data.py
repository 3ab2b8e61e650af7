"""Overwrites user data in MPEG-1 and MPEG-4 video with spaces (ISO/IEC 11172-2 section 2.4.2, 14496-2 section 6.2.2).

Nothing moves. The encoder's mark, which decoders read, stays.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_START: Final = b"\0\0\1\xb2"
_WORDS: Final = re.compile(rb"\x00\x00\x01\xb2(.*?)\x00*(?=\x00\x00\x01|\Z)", re.DOTALL)
_ENCODER: Final = re.compile(rb"Lavc[\d.]*|(?i:ffmpeg)[\d.]*|XviD\d{1,4}C?|DivX\d{3,4}(b|Build)\d{1,4}p?")
"""An encoder's mark, by which decoders work around its bugs (FFmpeg, mpeg4videodec.c, `decode_user_data`)."""


def find_user_data(stream: bytes) -> set[bytes]:
    """Return the user data of a coded stream, except encoders' marks and spaces."""
    return {
        user_data
        for user_data in set(_WORDS.findall(stream))
        if user_data.strip(b" ") and not _ENCODER.fullmatch(user_data)
    }


def blank_user_data(path: Path, user_data: set[bytes]) -> None:
    """Overwrite these user data with spaces, in one pass: some cameras write different ones with every frame."""
    lengths = sorted({len(one) for one in user_data}, reverse=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.find(_START) if user_data else -1
        while at >= 0:
            begin = at + len(_START)
            found = next((length for length in lengths if content[begin : begin + length] in user_data), 0)
            content[begin : begin + found] = b" " * found
            at = content.find(_START, begin + found)
