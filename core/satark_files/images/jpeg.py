"""Cleans JPEG without loss: copies only the segments that a decoder needs.

Layout: ITU-T T.81 annex B. Thumbnails, Exif, XMP, IPTC, colour profiles, comments, C2PA, further images and everything
after the end are removed. What stays identifies no person, but the quantisation tables hint at the make of the camera.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from satark_files.images import orientation
from satark_files.images.decode import check_decodes, check_opens
from satark_files.images.jpeg_end import decoded_part
from satark_files.images.jpeg_tables import Segment, used_only
from satark_files.images.reduced import leave_reduced
from satark_files.images.reencode import to_jpeg
from satark_files.images.salvage import salvage
from satark_files.scrubber import Cleaned, Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark_files.limits import Limits
    from satark_files.scrubber import LeftOut

SOI, EOI, SOS, APP0, APP1, APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
DHT, DQT, DRI = 0xC4, 0xDB, 0xDD
PROGRESSIVE, ARITHMETIC_PROGRESSIVE = 0xC2, 0xCA
FRAMES = frozenset({0xC0, 0xC1, PROGRESSIVE})
"""Baseline, extended and progressive: the frame types that every decoder supports."""
NEEDED = frozenset({DHT, DQT, DRI, SOS}) | FRAMES

_SCAN_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ADOBE, _LENGTH = 12, 2
"""Least bytes of an Adobe segment, and of a length field."""
_SCAN = b"\xff\xda"
_EOI = b"\xff\xd9"
_LOOKAHEAD = bytes(8)
"""libjpeg waits for 64 bits more than it needs."""
_USUAL_SCANS = 10
"""Scans of a progressive image as libjpeg writes it (`jpeg_simple_progression`), to estimate how many are missing."""
_PLAIN_JFIF = b"JFIF\0\1\1\0\0\1\0\1\0\0"


class _Cut(Unclean):
    """The data ends before the image does."""


class JpegScrubber:
    """Cleans JPEG: without loss if the segments can be parsed, otherwise by decoding and encoding the image again."""

    mimes = frozenset({"image/jpeg"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        data = source.read_bytes()
        try:
            clean = strip_metadata(data)
        except Unclean:
            return self._scrub_unusual(source, data, target, limits)
        if strip_metadata(clean) != clean:
            raise Unclean("damaged")
        target.write_bytes(clean)
        if clean.count(_SCAN) == 1:
            check_opens(target, limits, formats=("JPEG",), reduced=True)
            decoded, picture = decoded_part(clean)
            target.write_bytes(decoded)
            leave_reduced(picture, target)
        else:
            check_decodes(target, limits, formats=("JPEG",))
        return Cleaned("image/jpeg", left_out=_left_out(data))

    def _scrub_unusual(self, source: Path, data: bytes, target: Path, limits: Limits) -> str:
        """Clean an image that lacks its end, is of an unusual frame type, or is damaged."""
        if _is_cut(data):
            with contextlib.suppress(Unclean):
                return self._scrub_without_end(source, data, target, limits)
            if len(scans := _scans(data)) > 1:  # progressive: every complete scan makes all of it sharper
                ended = source.with_name(f"{source.name}.ended")
                ended.write_bytes(data + _EOI)
                to_jpeg(ended, target, limits, formats=("JPEG",))
                return Cleaned("image/jpeg", readable=min(99, 100 * (len(scans) - 1) // _USUAL_SCANS))
        else:
            with contextlib.suppress(Unclean):
                return to_jpeg(source, target, limits, formats=("JPEG",))
        return salvage(source, target, limits, formats=("JPEG",))

    def _scrub_without_end(self, source: Path, data: bytes, target: Path, limits: Limits) -> str:
        """Write an image that lacks nothing but its end: without loss if it has one scan.

        Where the last of several scans ends is not found. Encoded anew, the image keeps nothing of what follows.

        Raises:
            Unclean: more is missing.
        """
        clean = strip_metadata(data.rstrip(b"\xff") + _EOI)
        target.write_bytes(clean[: -len(_EOI)] + _LOOKAHEAD)
        check_decodes(target, limits, formats=("JPEG",))
        if clean.count(_SCAN) > 1:
            ended = source.with_name(f"{source.name}.ended")
            ended.write_bytes(clean)
            return to_jpeg(ended, target, limits, formats=("JPEG",))
        target.write_bytes(decoded_part(clean)[0])
        return "image/jpeg"


def _is_cut(data: bytes) -> bool:
    """Whether the data ends within an image, rather than being something else that can't be parsed."""
    try:
        list(_segments(data))
    except _Cut:
        return True
    except Unclean:
        return False
    return False


def _left_out(data: bytes) -> Iterator[LeftOut]:
    """Yield what follows the image: the film of a moving photo, further pictures of one camera or of a stream."""
    after = data[_end(data) :]
    if b"ftyp" in after:
        yield "film"
    if b"\xff\xd8\xff" in after:
        yield "pictures"


def _end(data: bytes) -> int:
    """Return the offset after a complete image."""
    at = 2
    while True:
        marker, at = _marker(data, at)
        if marker == EOI:
            return at
        at += int.from_bytes(data[at : at + 2])
        if marker == SOS:
            at = _scan_end(data, at)


def _scans(data: bytes) -> list[bytes]:
    """Return the coded scans of a progressive image up to where it ends; the last may be incomplete."""
    found, progressive = [], False
    with contextlib.suppress(Unclean):
        for marker, _, scan in _segments(data + _EOI):
            progressive = progressive or marker in {PROGRESSIVE, ARITHMETIC_PROGRESSIVE}
            found += [scan] * (marker == SOS)
    return found if progressive else []


def strip_metadata(data: bytes) -> bytes:
    """Return the image with only the segments that a decoder needs, and its orientation.

    Raises:
        Unclean: the data is no complete JPEG, or one of another frame type.
    """
    kept: list[Segment] = []
    turned = orientation.UPRIGHT
    jfif, adobe = False, b""
    for marker, payload, scan in _segments(data):
        if marker in NEEDED:
            kept.append((marker, payload, scan))
        elif marker == APP14 and payload.startswith(b"Adobe") and len(payload) >= _ADOBE:
            adobe = _segment(APP14, b"Adobe\0\x64\0\0\0\0" + payload[11:12])
        elif marker == APP1 and payload.startswith(b"Exif\0") and turned == orientation.UPRIGHT:
            turned = orientation.read_orientation(payload[6:])
        jfif = jfif or (marker == APP0 and payload.startswith(b"JFIF\0"))
    coded = [_segment(marker, payload) + scan for marker, payload, scan in used_only(kept, FRAMES)]
    if not any(part[1] in FRAMES for part in coded):
        raise Unclean("damaged")
    head = [_segment(APP0, _PLAIN_JFIF)] if jfif else []
    if turned != orientation.UPRIGHT:
        head.append(_segment(APP1, b"Exif\0\0" + orientation.orientation_exif(turned)))
    return b"".join([b"\xff\xd8", *head, adobe, *coded, _EOI])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each segment up to the end of the image: marker, payload, and after SOS the coded image data."""
    if data[:2] != b"\xff\xd8":
        raise Unclean("damaged")
    at = 2
    while True:
        marker, at = _marker(data, at)
        if marker == EOI:
            return
        length = int.from_bytes(data[at : at + 2])
        if at + length > len(data):
            raise _Cut("damaged")
        if length < _LENGTH:
            raise Unclean("damaged")
        end = _scan_end(data, at + length) if marker == SOS else at + length
        yield marker, data[at + 2 : at + length], data[at + length : end]
        at = end


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker at this offset (any number of 0xFF may precede its code), and the offset after it."""
    code = at + 1
    while data[code : code + 1] == b"\xff":
        code += 1
    if code >= len(data):
        raise _Cut("damaged")
    if data[at : at + 1] != b"\xff":
        raise Unclean("damaged")
    return data[code], code + 1


def _scan_end(data: bytes, at: int) -> int:
    found = _SCAN_END.search(data, at)
    if found is None:
        raise _Cut("damaged")
    return found.start()


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload
