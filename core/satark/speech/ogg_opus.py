"""Joins Opus clips into one voice note, without decoding them.

All clips are coded alike (`satark.speech.encoder`): one channel, frames of 20 ms. Therefore the packets of one clip may
follow those of another.

Source: RFC 3533 (pages of Ogg), RFC 7845 (Opus in Ogg), RFC 6716 (Opus packets).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

FRAME_SAMPLES: Final = 960
"""Samples of one packet: 20 ms at 48 kHz, the rate in which Opus counts."""
PRE_SKIP: Final = 312
"""Samples that a decoder drops at the start (RFC 7845 section 4.2): libopus needs 6.5 ms."""

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_HEAD: Final = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 48_000, 0, 0)
_TAGS: Final = struct.pack("<8sI6sI", b"OpusTags", 6, b"satark", 0)
_FIRST, _LAST = 2, 4
_FULL: Final = 255
_PACKETS_A_PAGE: Final = 50
_HEADERS: Final = 2
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class NotOpusError(ValueError):
    """A file is not an Ogg file with one Opus stream."""


def read_packets(data: bytes) -> tuple[bytes, ...]:
    """Return the coded packets of a file, without its two headers.

    Raises:
        NotOpusError: the data is no such file, or is damaged.
    """
    packets = tuple(_packets(data))
    if len(packets) < _HEADERS or not packets[0].startswith(b"OpusHead"):
        raise NotOpusError("not an Ogg file with Opus")
    return packets[_HEADERS:]


def write_file(packets: Sequence[bytes]) -> bytes:
    """Return an Ogg file of these packets, each of which has `FRAME_SAMPLES` samples."""
    pages = [_page([_HEAD], 0, 0, _FIRST), _page([_TAGS], 0, 1, 0)]
    for start in range(0, len(packets), _PACKETS_A_PAGE):
        part = packets[start : start + _PACKETS_A_PAGE]
        done = start + len(part)
        flags = _LAST if done == len(packets) else 0
        pages.append(_page(part, PRE_SKIP + done * FRAME_SAMPLES, len(pages), flags))
    return b"".join(pages)


def seconds(packets: Sequence[bytes]) -> float:
    """Return how many seconds packets play."""
    return len(packets) * FRAME_SAMPLES / 48_000


def _packets(data: bytes) -> Iterator[bytes]:
    at, begun = 0, b""
    while at < len(data):
        sizes, at = _page_sizes(data, at)
        for size in sizes:
            if at + size > len(data):
                raise NotOpusError("the file is truncated")
            begun += data[at : at + size]
            at += size
            if size < _FULL:
                yield begun
                begun = b""


def _page_sizes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the sizes of a page's segments, and the offset of the first of them."""
    if data[at : at + 4] != b"OggS" or at + _PAGE.size > len(data):
        raise NotOpusError("not an Ogg file")
    body = at + _PAGE.size + data[at + _PAGE.size - 1]
    return data[at + _PAGE.size : body], body


def _page(packets: Iterable[bytes], granule: int, number: int, flags: int) -> bytes:
    packets = tuple(packets)
    sizes = b"".join(b"\xff" * (len(one) // _FULL) + bytes([len(one) % _FULL]) for one in packets)
    body = sizes + b"".join(packets)
    unsigned = _PAGE.pack(b"OggS", 0, flags, granule, 1, number, 0, len(sizes)) + body
    return _PAGE.pack(b"OggS", 0, flags, granule, 1, number, _checksum(unsigned), len(sizes)) + body


def _checksum(data: bytes) -> int:
    """Return Ogg's CRC (RFC 3533 section 6): zlib's polynomial, with the bits in reverse order."""
    reflected = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REVERSED), "big")
