"""Cleans WebP without loss, stickers included: copies only the chunks that a decoder needs.

Layout: RFC 9649 section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_files.images.decode import UPRIGHT, check_decodes, orientation_exif, read_orientation
from satark_files.images.salvage import salvage_cut
from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from satark_files.limits import Limits

IMAGE_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_HAS_EXIF, _ALPHA, _ANIMATION, _METADATA = 0x08, 0x10, 0x02, 0x2C
_FRAME_HEADER, _EXTENDED = 16, 10
_CHUNK_HEAD = 8


class WebpScrubber:
    """Cleans WebP."""

    mimes = frozenset({"image/webp"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        data = source.read_bytes()
        try:
            clean = strip_metadata(data)
        except Unclean:
            return _scrub_cut(data, source, target, limits)
        if strip_metadata(clean) != clean:
            raise Unclean("damaged")
        target.write_bytes(clean)
        check_decodes(target, limits, formats=("WEBP",))
        return "image/webp"


def _scrub_cut(data: bytes, source: Path, target: Path, limits: Limits) -> str:
    """Clean an image that was cut off; clean it without loss if only data after its pixels is missing."""
    at = _complete(data)
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    cut = data[at : at + 4] in IMAGE_CHUNKS | {b"ANMF"}
    rest = data[12 : len(data) if cut else at]
    body = b"WEBP" + (rest[:_CHUNK_HEAD] + bytes((rest[8] & ~_METADATA,)) + rest[9:] if rest[:4] == b"VP8X" else rest)
    whole = at + _CHUNK_HEAD + size + size % 2 if cut else at
    head = source.with_name(f"{source.name}.head")
    head.write_bytes(b"RIFF" + max(0, whole - _CHUNK_HEAD).to_bytes(4, "little") + body)
    if cut:
        return salvage_cut(head, target, limits, ("WEBP",), whole=whole)
    target.write_bytes(strip_metadata(head.read_bytes()))
    check_decodes(target, limits, formats=("WEBP",))
    return "image/webp"


def _complete(data: bytes) -> int:
    """Return the offset after the last chunk that is complete."""
    at = 12
    while at + _CHUNK_HEAD <= len(data):
        end = at + _CHUNK_HEAD + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > len(data):
            break
        at = end + end % 2
    return at


def strip_metadata(data: bytes) -> bytes:
    """Return the image with only the chunks that a decoder needs, and its orientation.

    Raises:
        Unclean: the data is no complete WebP file.
    """
    size = int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or size + 8 > len(data):
        raise Unclean("damaged")
    chunks = list(_chunks(data[12 : size + 8]))
    turned = _orientation(chunks)
    kept = [_kept_part(kind, payload, turned) for kind, payload in _once(chunks)]
    if turned != UPRIGHT:
        kept.append(_chunk(b"EXIF", orientation_exif(turned)))
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _once(chunks: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk that a decoder reads: the first of each type, but every frame, and no chunk after the image."""
    seen: set[bytes] = set()
    for kind, payload in chunks:
        if kind == b"ANMF" or kind not in seen:
            yield kind, payload
        seen.add(kind)
        if kind in (b"VP8 ", b"VP8L"):
            return


def _kept_part(kind: bytes, payload: bytes, turned: int) -> bytes:
    """Return the part of a chunk that is kept, which may be all of it or nothing."""
    if kind == b"VP8X" and len(payload) >= _EXTENDED:
        flags = payload[0] & (_ALPHA | _ANIMATION) | (_HAS_EXIF if turned != UPRIGHT else 0)
        return _chunk(kind, bytes((flags, 0, 0, 0)) + payload[4:10])
    if kind == b"ANIM":
        return _chunk(kind, payload[:6])
    if kind == b"ANMF":
        frame = [_chunk(*part) for part in _once(_chunks(payload[_FRAME_HEADER:])) if part[0] in IMAGE_CHUNKS]
        return _chunk(kind, payload[:_FRAME_HEADER] + b"".join(frame))
    return _chunk(kind, payload) if kind in IMAGE_CHUNKS else b""


def _orientation(chunks: list[tuple[bytes, bytes]]) -> int:
    # Only the extended format can hold it.
    found = dict(reversed(chunks))
    if b"VP8X" not in found or b"EXIF" not in found:
        return UPRIGHT
    return read_orientation(found[b"EXIF"].removeprefix(b"Exif\0\0"))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        payload = data[at + 8 : at + 8 + length]
        if at + 8 > len(data) or len(payload) < length:
            raise Unclean("damaged")
        yield data[at : at + 4], payload
        at += 8 + length + length % 2


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "little") + payload + b"\0" * (len(payload) % 2)
