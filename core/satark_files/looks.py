"""Describes how a picture looks in 64 bits: whether each spot is darker than the one to its right (a difference hash).

The bits of a copy that was scaled, saved again or forwarded differ in a few places, and those of another picture in
about half. `LooksReader` runs in the sandbox; `satark_files.working_copies` accepts only the bits from it.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image

from satark_files.images.decode import open_reduced
from satark_files.limits import Limits
from satark_files.scrubber import LOOKS_JOB

_MIME: Final = "text/plain"
_SIDE: Final = 8
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")


class LooksReader:
    """Reads how the clean copy of a picture looks."""

    mimes = frozenset({LOOKS_JOB})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the bits to `target` in hex; see `Scrubber`.

        Raises:
            Unclean: the copy does not open.
        """
        with open_reduced(source, limits, _FORMATS) as picture:
            target.write_text(looks_of(picture), "ascii")
        return _MIME


def looks_of(picture: Image.Image) -> str:
    """Return the 64 bits of a picture as 16 hex digits."""
    small = picture.convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.BOX)
    rows = (small.crop((0, y, _SIDE + 1, y + 1)).tobytes() for y in range(_SIDE))
    bits = "".join("1" if left < right else "0" for row in rows for left, right in pairwise(row))
    return f"{int(bits, 2):016x}"
