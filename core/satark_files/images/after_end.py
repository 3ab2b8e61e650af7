"""Finds what follows an image in its file. Nobody can tell that it holds no sound: phones put films there."""

from typing import Final

_STILL: Final = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip"})
"""The boxes of a HEIF file (ISO/IEC 23008-12) with pictures alone."""


def has_more(data: bytes) -> bool:
    """Return whether bytes other than zeros follow a PNG, GIF, WebP or BMP. A TIFF has no end."""
    try:
        return bool(data[_end(data) :].strip(b"\0"))
    except IndexError:
        return True


def _end(data: bytes) -> int:
    match data[:2]:
        case b"\x89P":
            return _end_of_png(data)
        case b"GI":
            return _end_of_gif(data)
        case b"RI":
            size = int.from_bytes(data[4:8], "little")
            return 8 + size + size % 2
        case b"BM":
            return int.from_bytes(data[2:6], "little")
        case _:
            return len(data)


def _end_of_png(data: bytes) -> int:
    at = 8
    while data[at + 4 : at + 8] != b"IEND":
        at = _next(data, at + 12 + int.from_bytes(data[at : at + 4]))
    return at + 12


def _end_of_gif(data: bytes) -> int:
    at = 13 + _table(data[10])
    while data[at] != ord(";"):
        is_picture = data[at] == ord(",")
        at += 11 + _table(data[at + 9]) if is_picture else 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return at + 1


def _table(flags: int) -> int:
    """Return the size in bytes of a GIF's table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _next(data: bytes, at: int) -> int:
    if at >= len(data):
        raise IndexError(at)
    return at


def has_other_boxes(data: bytes) -> bool:
    """Return whether a HEIF file has boxes that hold no picture, or anything else behind its boxes."""
    at, kinds = 0, list[bytes]()
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        size = int.from_bytes(data[at + 8 : at + 16]) if size == 1 else size or len(data) - at
        kinds.append(data[at + 4 : at + 8])
        at += max(size, 8)
    return at != len(data) or not _STILL.issuperset(kinds) or kinds.count(b"ftyp") > 1
