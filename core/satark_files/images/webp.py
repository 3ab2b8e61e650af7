"""Encodes the pixels of WebP again, stickers included, without loss: bytes may hide in its coded pixels.

Layout: RFC 9649 section 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satark_files.images.decode import UPRIGHT, check_decodes, open_image, orientation_exif, read_orientation
from satark_files.images.reencode import frames_of, without_tags
from satark_files.images.salvage import salvage_cut
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

_IMAGE_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})
_METADATA = 0x2C
_CHUNK_HEAD = 8


class WebpScrubber:
    """Cleans WebP."""

    mimes = frozenset({"image/webp"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            return _encode_again(source, target, limits)
        except Unclean as unclean:
            if unclean.reason != "damaged":
                raise
            return _scrub_cut(source, target, limits)


def _encode_again(source: Path, target: Path, limits: Limits) -> str:
    with open_image(source, limits, ("WEBP",)) as picture:
        options: dict[str, Any] = {"lossless": True, "quality": 0, "method": 0, "exact": True}
        turned = read_orientation(picture.info.get("exif", b"").removeprefix(b"Exif\0\0"))
        options |= {"exif": orientation_exif(turned)} if turned != UPRIGHT else {}
        if getattr(picture, "n_frames", 1) > 1:
            frames, pauses = zip(*frames_of(picture), strict=True)
            rest = {"save_all": True, "append_images": frames[1:], "duration": list(pauses)}
            frames[0].save(target, "WEBP", **options, **rest)
        else:
            without_tags(picture).save(target, "WEBP", **options)
    check_decodes(target, limits, ("WEBP",))
    return "image/webp"


def _scrub_cut(source: Path, target: Path, limits: Limits) -> str:
    """Clean an image that was cut off; clean it without loss if only data after its pixels is missing."""
    data = source.read_bytes()
    at = _complete(data)
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    cut = data[at : at + 4] in _IMAGE_CHUNKS
    rest = data[12 : len(data) if cut else at]
    body = b"WEBP" + (rest[:_CHUNK_HEAD] + bytes((rest[8] & ~_METADATA,)) + rest[9:] if rest[:4] == b"VP8X" else rest)
    whole = at + _CHUNK_HEAD + size + size % 2 if cut else at
    head = source.with_name(f"{source.name}.head")
    head.write_bytes(b"RIFF" + max(0, whole - _CHUNK_HEAD).to_bytes(4, "little") + body)
    return salvage_cut(head, target, limits, ("WEBP",), whole=whole) if cut else _encode_again(head, target, limits)


def _complete(data: bytes) -> int:
    """Return the offset after the last chunk that is complete."""
    at = 12
    while at + _CHUNK_HEAD <= len(data):
        end = at + _CHUNK_HEAD + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > len(data):
            break
        at = end + end % 2
    return at
