"""Salvages what can be read of a damaged image: its pixels are decoded as far as they go, and encoded again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageOps

from satark.evidence.images.decode import check_decodes, incomplete_allowed, open_image
from satark.evidence.images.reencode import QUALITY, opaque, without_tags
from satark.scrubber import Cleaned, Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from satark.limits import Limits


def salvage(source: Path, target: Path, limits: Limits, formats: tuple[str, ...]) -> Cleaned:
    """Write what can be read of an image (its first frame) as an upright JPEG, and say how much of it that is.

    Raises:
        Unclean: nothing of it can be read, or it is over a limit.
    """
    with incomplete_allowed(), open_image(source, limits, formats) as picture:
        picture.load()
        percent = _percent_of_rows(picture)
        without_tags(opaque(ImageOps.exif_transpose(picture))).save(target, "JPEG", quality=QUALITY, subsampling=0)
    check_decodes(target, limits, ("JPEG",))
    return Cleaned("image/jpeg", readable=percent)


def _percent_of_rows(picture: Image.Image) -> int:
    """Return how many rows were read, in percent, at most 99. Rows come from the top; below them all is one colour."""
    colours = picture.convert("RGB")
    missing = Image.new("RGB", picture.size, colours.getpixel((picture.width - 1, picture.height - 1)))
    read = ImageChops.difference(colours, missing).getbbox()
    if read is None:
        raise Unclean("damaged")
    return max(1, min(99, 100 * read[3] // picture.height))
