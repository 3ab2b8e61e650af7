"""Finds the pictures that old office programs keep in their streams (MS-ODRAW, section 2.2.23)."""

from __future__ import annotations

import re
from typing import Final

_HEAD: Final = re.compile(rb"[\s\S]{2}([\x1a-\x1f\x29\x2a])\xf0[\s\S]{4}")
"""Version and instance, type (0xF01A to 0xF01F, 0xF029, 0xF02A), length of a picture's record."""
_HEAD_BYTES: Final = 8
_BEGINS: Final = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|II\x2a\0|MM\0\x2a")
_AHEAD: Final = 40
"""Most bytes of a record before its picture: one or two identifiers and a tag."""


def find_pictures(stream: bytes) -> tuple[list[bytes], bool]:
    """Return each picture as a file of its own, and whether there are others, such as drawings in Windows' formats."""
    found, others = [], False
    for head in _HEAD.finditer(stream):
        begin, length = head.end(), int.from_bytes(head[0][4:8], "little")
        content = stream[begin : begin + length]
        if not length or len(content) < length:
            continue
        starts = _BEGINS.search(content[:_AHEAD])
        if starts is None:
            others = True
        elif content[starts.start() :] not in found:
            found.append(content[starts.start() :])
    return found, others
