"""Photos and first pages at a part of their size, upright, for the preview and for how they look.

Decoding takes most of a photo's time. What its cleaner decodes to check it is left beside the clean copy, so that no
job decodes it again. Runs in the sandbox only.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps

from satark_files.images.decode import open_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark_files.limits import Limits

LONGEST: Final = 480
"""Pixels of the longer side that are enough; a picture that has more at its full size is not reduced to less."""
_MODES: Final = ("L", "RGB")
"""Those that a file without compression (PPM) has."""
_FORMAT: Final = "PPM"


def reduced_size(picture: Image.Image) -> tuple[int, int]:
    """Return the size that is enough, in the proportions of the picture, for `draft` of Pillow."""
    longer = max(picture.size)
    return max(1, LONGEST * picture.width // longer), max(1, LONGEST * picture.height // longer)


def leave_reduced(picture: Image.Image, clean: Path) -> None:
    """Leave a reduced picture, with the orientation in its Exif block, beside the clean copy."""
    if picture.mode in _MODES:
        ImageOps.exif_transpose(picture).save(_beside(clean), _FORMAT)


@contextlib.contextmanager
def open_reduced(clean: Path, limits: Limits, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Open the reduced picture that was left beside a clean copy; where none was, open the copy.

    Raises:
        Unclean: as `open_image`.
    """
    left = _beside(clean)
    found = (left, (_FORMAT,)) if left.exists() else (clean, formats)
    with open_image(found[0], limits, found[1], reduced=True) as picture:
        picture.draft(picture.mode, reduced_size(picture))
        yield ImageOps.exif_transpose(picture)


def is_reduced_left(clean: Path) -> bool:
    """Whether a reduced picture was left beside a clean copy."""
    return _beside(clean).exists()


def _beside(clean: Path) -> Path:
    return clean.with_name(f"{clean.name}.reduced")
