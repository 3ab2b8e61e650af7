"""Removes SEI messages from the HEVC configuration record (ISO/IEC 14496-15 section 8.3.2.1), where x265 names itself.

ffmpeg's filter removes messages from the stream, but not from this record. They are removed in place, so that nothing
else in the file moves: the remaining arrays move up, and zeros fill the rest of the record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 1 << 20
"""Bytes at the beginning of a file that ffmpeg wrote in which the record lies: before the frames."""
_FIXED = 22
_PREFIX_MESSAGE, _SUFFIX_MESSAGE = 39, 40
_IN_MP4 = re.compile(rb"(....)hvcC\x01", re.DOTALL)
_IN_MATROSKA = re.compile(rb"\x63\xa2([\x81-\xfe]|[\x40-\x7f].|[\x20-\x3f]..)\x01", re.DOTALL)


def remove_messages(path: Path) -> None:
    """Remove the messages from the record of a file that ffmpeg wrote, if there are any."""
    with path.open("r+b") as file:
        head = file.read(HEAD)
        for start, end in _records(head):
            record = head[start:end]
            clean = without_messages(record)
            if clean != record:
                file.seek(start)
                file.write(clean)


def _records(head: bytes) -> list[tuple[int, int]]:
    mp4 = [(found.end() - 1, found.start() + int.from_bytes(found[1])) for found in _IN_MP4.finditer(head)]
    matroska = [(found.end() - 1, found.end() - 1 + _ebml_size(found[1])) for found in _IN_MATROSKA.finditer(head)]
    return [(start, end) for start, end in (*mp4, *matroska) if start < end <= len(head)]


def _ebml_size(coded: bytes) -> int:
    # RFC 8794 section 4: the first bit that is set marks the length of the size.
    return int.from_bytes(coded) & ((1 << 7 * len(coded)) - 1)


def without_messages(record: bytes) -> bytes:
    """Return the record without its arrays of messages, at its length; unchanged if it can't be parsed."""
    kept: list[bytes] = []
    at = _FIXED + 1
    for _ in range(record[_FIXED] if len(record) > _FIXED else 0):
        end = _array_end(record, at)
        if end > len(record):
            return record
        if record[at] & 0x3F not in (_PREFIX_MESSAGE, _SUFFIX_MESSAGE):
            kept.append(record[at:end])
        at = end
    return (record[:_FIXED] + bytes([len(kept)]) + b"".join(kept)).ljust(len(record), b"\0")[: len(record)]


def _array_end(record: bytes, at: int) -> int:
    units = int.from_bytes(record[at + 1 : at + 3])
    end = at + 3
    for _ in range(units):
        end += 2 + int.from_bytes(record[end : end + 2])
        if end > len(record):
            break
    return end
