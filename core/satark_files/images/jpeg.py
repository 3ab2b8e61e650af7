"""Cleans JPEG without loss: copies only the segments that a decoder needs.

Layout: ITU-T T.81 annex B. Thumbnails, Exif, XMP, IPTC, colour profiles, comments, C2PA, further images and everything
after the end are removed. The rest identifies no person, but the quantisation tables hint at the make of the camera.

Nothing may hide in the rest. Tables that no scan uses and bytes after the last field of a segment are left out. A
decoder skips bytes between the last coded block and the next marker. To find them, Pillow's decoder is fed piece by
piece until it has all rows, and the rest is cut off; libjpeg reads up to eight bytes ahead, so that fewer hidden
bytes are not found. In a progressive image only whole rows below its height are found.
"""

import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from satark_files.images import decode
from satark_files.images.reencode import salvage, to_jpeg
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Unclean

SOI, EOI, SOS, APP0, APP1, APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
DHT, DQT, DRI = 0xC4, 0xDB, 0xDD
PROGRESSIVE, ARITHMETIC_PROGRESSIVE = 0xC2, 0xCA
FRAMES = frozenset({0xC0, 0xC1, PROGRESSIVE})
"""Baseline, extended and progressive: the frame types that every decoder supports."""
NEEDED = frozenset({DHT, DQT, DRI, SOS}) | FRAMES

_SCAN_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ADOBE, _LENGTH = 12, 2
"""Smallest size in bytes of an Adobe segment, and size of a length field."""
_SCAN = b"\xff\xda"
_EOI = b"\xff\xd9"
_PICTURE = b"\xff\xd8\xff"
_LOOKAHEAD = bytes(8)
"""Number of bytes to add at the end, since libjpeg waits for 64 bits more than it needs."""
_USUAL_SCANS = 10
"""Number of scans in a progressive image from libjpeg (`jpeg_simple_progression`), to estimate how many are missing."""
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
            made = self._scrub_unusual(source, data, target, limits)
            return Cleaned(made, readable=getattr(made, "readable", 100), left_out=_left_out(data))
        if strip_metadata(clean) != clean:
            raise Unclean("damaged")
        target.write_bytes(clean)
        if clean.count(_SCAN) == 1:
            with decode.open_image(target, limits, ("JPEG",), reduced=True):
                pass  # its size is within the limits
            decoded, picture = decoded_part(clean)
            target.write_bytes(decoded)
            decode.leave_reduced(picture, target)
        else:
            decode.check_decodes(target, limits, formats=("JPEG",))
            if decode.hides_rows(clean):
                to_jpeg(source, target, limits, formats=("JPEG",))
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
        """Write an image that lacks only its end: without loss if it has one scan, else encoded again.

        Raises:
            Unclean: more than the end is missing.
        """
        clean = strip_metadata(data.rstrip(b"\xff") + _EOI)
        target.write_bytes(clean[: -len(_EOI)] + _LOOKAHEAD)
        decode.check_decodes(target, limits, formats=("JPEG",))
        if clean.count(_SCAN) > 1:
            ended = source.with_name(f"{source.name}.ended")
            ended.write_bytes(clean)
            return to_jpeg(ended, target, limits, formats=("JPEG",))
        target.write_bytes(decoded_part(clean)[0])
        return "image/jpeg"


def _is_cut(data: bytes) -> bool:
    """Whether the data is an image that is cut off; False for other data that can't be parsed."""
    try:
        list(_segments(data))
    except _Cut:
        return True
    except Unclean:
        return False
    return False


def _left_out(data: bytes) -> Iterator[LeftOut]:
    """Yield what follows the image: further pictures of one camera or a stream, or a moving photo's film.

    What follows and is no picture may be a voice: it counts as a film.
    """
    rest = data
    with contextlib.suppress(Unclean):
        while rest.startswith(_PICTURE):
            rest = rest[_end(rest) :].lstrip(b"\0")
    if rest:
        yield "film"
    if _PICTURE in data[len(_PICTURE) :]:
        yield "pictures"


def _end(data: bytes) -> int:
    at = 2
    while True:
        marker, at = _marker(data, at)
        if marker == EOI:
            return at
        at += int.from_bytes(data[at : at + 2])
        if marker == SOS:
            at = _scan_end(data, at)


def _scans(data: bytes) -> list[bytes]:
    """Return the coded scans of a progressive image up to the end of the data; the last scan may be incomplete."""
    found, progressive = [], False
    with contextlib.suppress(Unclean):
        for marker, _, scan in _segments(data + _EOI):
            progressive = progressive or marker in {PROGRESSIVE, ARITHMETIC_PROGRESSIVE}
            found += [scan] * (marker == SOS)
    return found if progressive else []


def strip_metadata(data: bytes) -> bytes:
    """Return the image with only the segments that a decoder needs, and its orientation.

    Raises:
        Unclean: the data is no complete JPEG, or has another frame type.
    """
    kept: list[Segment] = []
    turned = decode.UPRIGHT
    jfif, adobe = False, b""
    for marker, payload, scan in _segments(data):
        if marker in NEEDED:
            kept.append((marker, payload, scan))
        elif marker == APP14 and payload.startswith(b"Adobe") and len(payload) >= _ADOBE:
            adobe = _segment(APP14, b"Adobe\0\x64\0\0\0\0" + payload[11:12])
        elif marker == APP1 and payload.startswith(b"Exif\0") and turned == decode.UPRIGHT:
            turned = decode.read_orientation(payload[6:])
        jfif = jfif or (marker == APP0 and payload.startswith(b"JFIF\0"))
    coded = [_segment(marker, payload) + scan for marker, payload, scan in used_only(kept)]
    if not any(part[1] in FRAMES for part in coded):
        raise Unclean("damaged")
    head = [_segment(APP0, _PLAIN_JFIF)] if jfif else []
    if turned != decode.UPRIGHT:
        head.append(_segment(APP1, b"Exif\0\0" + decode.orientation_exif(turned)))
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


_QUANTIZATION, _DC, _AC = "q", "d", "a"
_COUNTS, _FRAME_HEAD, _COMPONENT = 16, 6, 3
"""Sizes in bytes of a Huffman table's counts, of a frame header up to its components, and of each component in it."""

Segment = tuple[int, bytes, bytes]
"""A segment: marker, payload, and after SOS the coded image data."""
_Key = tuple[str, int]


def used_only(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the frame header, scans and restart intervals only, and before each of them the tables that it uses.

    Raises:
        Unclean: a segment is too short, or a scan uses a component that no frame has.
    """
    waiting: dict[_Key, Segment] = {}
    quantized: dict[int, int] = {}
    progressive = False
    for marker, payload, scan in segments:
        if marker in (DHT, DQT):
            waiting |= _tables(marker, payload)
        elif marker in FRAMES:
            progressive = marker == PROGRESSIVE
            header, quantized = _frame(payload)
            named = [(_QUANTIZATION, number) for number in dict.fromkeys(quantized.values())]
            yield from (waiting.pop(key) for key in named if key in waiting)
            yield marker, header, b""
        elif marker == SOS:
            header, named = _scan(payload, quantized, progressive=progressive)
            yield from (waiting.pop(key) for key in named if key in waiting)  # the others were written before
            yield marker, header, scan
        elif marker == DRI:
            yield marker, payload[:2], b""


def _tables(marker: int, payload: bytes) -> dict[_Key, Segment]:
    found: dict[_Key, Segment] = {}
    at = 0
    while at < len(payload):
        kind, number = payload[at] >> 4, payload[at] & 15
        if marker == DQT:
            size = 128 if kind else 64
            key = (_QUANTIZATION, number)
        else:
            size = _COUNTS + sum(payload[at + 1 : at + 1 + _COUNTS])
            key = (_AC if kind else _DC, number)
        if at + 1 + size > len(payload):
            break
        found[key] = (marker, payload[at : at + 1 + size], b"")
        at += 1 + size
    return found


def _frame(payload: bytes) -> tuple[bytes, dict[int, int]]:
    """Return a frame header without the bytes that follow it, and the quantization table of each component."""
    count = payload[_FRAME_HEAD - 1] if len(payload) >= _FRAME_HEAD else 0
    end = _FRAME_HEAD + _COMPONENT * count
    if not count or end > len(payload):
        raise Unclean("damaged")
    starts = range(_FRAME_HEAD, end, _COMPONENT)
    return payload[:end], {payload[at]: payload[at + 2] for at in starts}


def _scan(payload: bytes, quantized: dict[int, int], *, progressive: bool) -> tuple[bytes, list[_Key]]:
    """Return a scan header without the bytes that follow it, and the tables that the scan uses."""
    count = payload[0] if payload else 0
    end = 1 + 2 * count + 3
    if not count or end > len(payload):
        raise Unclean("damaged")
    first, approximation = payload[end - 3], payload[end - 1]
    with_dc = first == 0 and not (progressive and approximation >> 4)
    with_ac = first > 0 or not progressive
    named: list[_Key] = []
    for at in range(1, 1 + 2 * count, 2):
        if payload[at] not in quantized:
            raise Unclean("damaged")
        named += [(_QUANTIZATION, quantized[payload[at]])]
        named += [(_DC, payload[at + 1] >> 4)] * with_dc + [(_AC, payload[at + 1] & 15)] * with_ac
    return payload[:end], named


_CHUNK: Final = 1 << 16
_PADDING: Final = 1
"""Number of bytes at the end that may hold only the bits that fill up the last byte."""
_AHEAD: Final = 8
"""Most bytes that libjpeg reads ahead."""


def decoded_part(image: bytes) -> tuple[bytes, Image.Image]:
    """Decode an image of one scan that ends with the end marker.

    Returns:
        The image without bytes after its last coded block, and the reduced picture that was decoded.

    Raises:
        Unclean: the image does not decode.
    """
    last = len(image) - len(_EOI)
    try:
        decoder = _Decoder(image, decode.reduced_size)
        about = decoder.finish(0, last, _CHUNK)
        return image if about is None else _without_rest(image, about), decoder.picture
    except decode.RAISES:
        raise Unclean("damaged") from None


def _without_rest(image: bytes, about: int) -> bytes:
    """Remove the bytes that follow the last coded block, which ends shortly before the offset `about`."""
    last = len(image) - len(_EOI)
    exact = _Decoder(image, _smallest).finish(max(0, about - _CHUNK), about, 1) or about
    pixels = _pixels(image[:exact] + _EOI)
    ends = range(max(0, exact - _AHEAD), exact)
    end = next((end for end in ends if _pixels(image[:end] + _EOI) == pixels), exact)
    return image[:end] + _EOI if last - end > _PADDING else image


class _Decoder:
    """Decodes an image in reduced size, and is fed the image piece by piece."""

    def __init__(self, image: bytes, size: Callable[[Image.Image], tuple[int, int]]) -> None:
        """Decode the image at no less than the size that `size` returns for it."""
        pillow: Any = Image  # what is needed of it is not public
        opened: Any = Image.open(io.BytesIO(image), formats=("JPEG",))
        opened.draft(opened.mode, size(opened))
        tile, core = opened.tile[0], pillow.core.new(opened.mode, opened.size)
        self._image = image
        self._decoder = pillow._getdecoder(opened.mode, tile.codec_name, tile.args, opened.decoderconfig)  # noqa: SLF001 - the public ones read all of a file
        self._decoder.setimage(core, tile.extents)
        self.picture: Image.Image = opened._new(core)  # noqa: SLF001 - with the orientation of what was opened
        """The picture as far as it is decoded."""

    def finish(self, begin: int, last: int, piece: int) -> int | None:
        """Feed the decoder piece by piece; return after how many bytes it has all rows. None: it needs all bytes.

        Raises:
            OSError: the image does not decode.
        """
        image = self._image
        fed, waiting = begin, image[:begin]
        while True:
            read, code = self._decoder.decode(waiting)
            if code < 0:
                raise OSError(code)
            if read < 0:
                return fed if fed <= last else None
            if fed > last:
                raise OSError("the rows are not complete")
            following = min(last, fed + piece) if fed < last else len(image)
            waiting = waiting[read:] + image[fed:following]
            fed = following


def _smallest(picture: Image.Image) -> tuple[int, int]:
    return max(1, picture.width // 8), max(1, picture.height // 8)


def _pixels(image: bytes) -> bytes:
    with Image.open(io.BytesIO(image), formats=("JPEG",)) as picture:
        return picture.tobytes()
