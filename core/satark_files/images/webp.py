"""Encodes the pixels of WebP again, stickers included, without loss: bytes may hide in its coded pixels.

Layout: RFC 9649 section 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satark_files.images.decode import UPRIGHT, check_decodes, open_image, orientation_exif, read_orientation
from satark_files.images.reencode import frames_of, without_tags
from satark_files.limits import Limits


class WebpScrubber:
    """Cleans WebP."""

    mimes = frozenset({"image/webp"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
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
