"""User data of MPEG-1 and MPEG-4 pictures (ISO/IEC 11172-2 section 2.4.2, 14496-2 section 6.2.2): blanked in place.

Nothing moves: the words become blanks. What encoders write there, and decoders go by, stays.
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
"""An encoder's mark, by which decoders work around its faults (FFmpeg, mpeg4videodec.c, `decode_user_data`)."""


def find_user_data(stream: bytes) -> set[bytes]:
    """What a coded stream says, other than which encoder made it and blanks."""
    return {said for said in set(_WORDS.findall(stream)) if said.strip(b" ") and not _ENCODER.fullmatch(said)}


def blank_user_data(path: Path, said: set[bytes]) -> None:
    """Put blanks in the place of all of this, in one pass: some cameras say something else with every picture."""
    lengths = sorted({len(one) for one in said}, reverse=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.find(_START) if said else -1
        while at >= 0:
            begin = at + len(_START)
            found = next((length for length in lengths if content[begin : begin + length] in said), 0)
            content[begin : begin + found] = b" " * found
            at = content.find(_START, begin + found)
