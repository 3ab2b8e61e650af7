"""Cleans PNG without loss: copies only the chunks that a decoder needs, and no colour that no pixel shows.

Layout: W3C Portable Network Graphics (Third Edition), sections 5 and 11. Only the still image of an animation is kept.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path

from satark_files.images.decode import UPRIGHT, open_image, orientation_exif, read_orientation
from satark_files.images.reencode import hides_colours, salvage, without_tags
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Unclean

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS"})
"""The chunks that are kept, once each, besides the image data."""
_HEAD = 13
_PALETTE = {b"PLTE": 768, b"tRNS": 256}
_KEY = {0: 2, 2: 6}
"""Colour type → bytes of the transparent colour: grey, or red, green and blue."""
_INDEXED = 3
_SAMPLES = {2: 3, 4: 2, 6: 4}
"""Colour type → samples of a pixel, for the types that have more than one."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""For each pass of an interlaced image: its first column and row, and its steps across and down (section 8.2)."""
_CRC = 4
_STEP = 1 << 20


class PngScrubber:
    """Cleans PNG."""

    mimes = frozenset({"image/png"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("PNG",)):
            pass  # its size is within the limits
        data = source.read_bytes()
        try:
            clean = strip_metadata(data)
        except Unclean:
            return salvage(source, target, limits, formats=("PNG",))
        if strip_metadata(clean) != clean:
            raise Unclean("damaged")
        target.write_bytes(clean)
        left_out: list[LeftOut] = ["frames"] if _frames(data) > 1 else []
        return Cleaned("image/png", left_out=left_out + ["hidden"] * _remove_unseen(target, limits))


def strip_metadata(data: bytes) -> bytes:
    """Return the image with only the chunks that a decoder needs, and its orientation.

    Raises:
        Unclean: the data is no complete PNG, or a checksum is wrong.
    """
    if not data.startswith(SIGNATURE):
        raise Unclean("damaged")
    kept: dict[bytes, bytes] = {}
    pixels: list[bytes] = []
    turned = UPRIGHT
    for kind, payload in _chunks(data):
        if kind in NEEDED:
            kept.setdefault(kind, payload[: _used_bytes(kind, kept)])
        elif kind == b"IDAT":
            pixels.append(payload)
        elif kind == b"eXIf":
            turned = read_orientation(payload)
    head = kept.get(b"IHDR", b"")
    if len(head) < _HEAD:
        raise Unclean("damaged")
    if turned != UPRIGHT:
        kept[b"eXIf"] = orientation_exif(turned)
    stream = _image_data(b"".join(pixels), _raw_bytes(head))
    return b"".join(
        [
            SIGNATURE,
            *starmap(chunk, ((kind, payload) for kind, payload in kept.items() if payload)),
            chunk(b"IDAT", stream),
            chunk(b"IEND", b""),
        ]
    )


def _remove_unseen(target: Path, limits: Limits) -> bool:
    """Decode an image, and remove the colours that no pixel shows; return whether transparent pixels had some."""
    with open_image(target, limits, ("PNG",)) as picture:
        picture.load()
        if hides_colours(picture):
            turned = read_orientation(picture.info.get("exif", b"").removeprefix(b"Exif\0\0"))
            options = {"exif": orientation_exif(turned)} if turned != UPRIGHT else {}
            without_tags(picture.convert("RGBA")).save(target, "PNG", **options)
            return True
        if picture.mode == "P":
            target.write_bytes(_with_used_palette(target.read_bytes(), picture.histogram()))
        return False


def _with_used_palette(data: bytes, counts: list[int]) -> bytes:
    """Blank each colour of a palette that no pixel has, given how many have it; cut what follows the last one."""
    end = max(at for at, count in enumerate(counts) if count) + 1
    parts = dict(_chunks(data))
    for kind, blank in (b"PLTE", bytes(3)), (b"tRNS", b"\xff"):
        old, size = parts.get(kind, b""), len(blank)
        new = (old[at * size : (at + 1) * size] if counts[at] else blank for at in range(end))
        parts[kind] = b"".join(new)[: len(old)]
    return b"".join([SIGNATURE, *starmap(chunk, (one for one in parts.items() if one[1])), chunk(b"IEND", b"")])


def _frames(data: bytes) -> int:
    """Return the number of an animation's frames (section 11.3.6), or 0 for a still image."""
    return next((int.from_bytes(payload[:4]) for kind, payload in _chunks(data) if kind == b"acTL"), 0)


def _used_bytes(kind: bytes, before: dict[bytes, bytes]) -> int:
    """Return the most bytes of a chunk that a decoder reads, given the chunks before it (section 11.2 and 11.3.1)."""
    if kind == b"IHDR":
        return _HEAD
    colours = before.get(b"IHDR", b"").ljust(_HEAD, b"\0")[9]
    return _PALETTE[kind] if colours == _INDEXED else _KEY.get(colours, 0) if kind == b"tRNS" else 0


def _raw_bytes(head: bytes) -> int:
    """Return how many bytes all rows have, each with its filter byte; an interlaced image has seven passes."""
    width, height, depth, colours, interlaced = *struct.unpack(">IIBB", head[:10]), head[12]
    bits = depth * _SAMPLES.get(colours, 1)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sides = ((-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes)
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sides if columns > 0 and rows > 0)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
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


def _image_data(packed: bytes, most: int) -> bytes:
    """Return the compressed pixels without anything hidden after the last pixel or after the stream."""
    unpacker = zlib.decompressobj()
    rest, count = packed, 0
    try:
        while rest and not unpacker.eof:
            count += len(unpacker.decompress(rest, _STEP))
            rest = unpacker.unconsumed_tail
    except zlib.error:
        raise Unclean("damaged") from None
    if not unpacker.eof:
        raise Unclean("damaged")
    if count > most:
        return zlib.compress(zlib.decompressobj().decompress(packed, most))
    return packed[: len(packed) - len(unpacker.unused_data)]


def chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + zlib.crc32(kind + payload).to_bytes(4)
