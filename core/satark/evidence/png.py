"""PNG without loss: the chunks that make the picture are copied, everything else is left behind.

Layout: W3C Portable Network Graphics (Third Edition), sections 5 and 11. An animation keeps its still picture.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from satark.evidence import orientation
from satark.evidence.decode import check_decodes, check_opens
from satark.evidence.scrubbers import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark.evidence.limits import Limits

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS"})
_CRC = 4
_STEP = 1 << 20


class PngScrubber:
    """Cleans PNG."""

    mimes = frozenset({"image/png"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        check_opens(source, limits, formats=("PNG",))
        clean = without_traces(source.read_bytes())
        if without_traces(clean) != clean:
            raise Unclean("damaged")
        target.write_bytes(clean)
        check_decodes(target, limits, formats=("PNG",))
        return "image/png"


def without_traces(data: bytes) -> bytes:
    """Copy what a decoder needs, and which way up the picture goes.

    Raises:
        Unclean: the data is no complete PNG, or a check sum is wrong.
    """
    if not data.startswith(SIGNATURE):
        raise Unclean("damaged")
    kept: list[bytes] = []
    pixels: list[bytes] = []
    turned = orientation.UPRIGHT
    for kind, payload in _chunks(data):
        if kind in NEEDED:
            kept.append(_chunk(kind, payload))
        elif kind == b"IDAT":
            pixels.append(payload)
        elif kind == b"eXIf":
            turned = orientation.read(payload)
    if turned != orientation.UPRIGHT:
        kept.append(_chunk(b"eXIf", orientation.block(turned)))
    return b"".join([SIGNATURE, *kept, _chunk(b"IDAT", _one_stream(b"".join(pixels))), _chunk(b"IEND", b"")])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk up to the end of the picture: its type and its payload."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, payload = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if len(check) < _CRC or zlib.crc32(kind + payload) != int.from_bytes(check):
            raise Unclean("damaged")
        if kind == b"IEND":
            return
        yield kind, payload
        at += 12 + length
    raise Unclean("damaged")


def _one_stream(packed: bytes) -> bytes:
    """The compressed pixels without anything hidden after their end. Unpacks in steps and keeps none of it."""
    unpacker = zlib.decompressobj()
    rest = packed
    try:
        while rest and not unpacker.eof:
            unpacker.decompress(rest, _STEP)
            rest = unpacker.unconsumed_tail
    except zlib.error:
        raise Unclean("damaged") from None
    if not unpacker.eof:
        raise Unclean("damaged")
    return packed[: len(packed) - len(unpacker.unused_data)]


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + zlib.crc32(kind + payload).to_bytes(4)
