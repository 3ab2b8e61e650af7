"""Salvages the readable part of a damaged image: decodes its pixels as far as possible, and encodes them again."""

from __future__ import annotations

import contextlib
import itertools
import random
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageOps

from satark_files.images.decode import RAISES, check_decodes, incomplete_allowed, open_image
from satark_files.images.reencode import QUALITY, opaque, without_tags
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Scrubber, Unclean

_ATTEMPTS: Final = 12
"""Most fillings, besides zeros, that are tried until two decode."""
_UNREAD: Final = (128, 128, 128)


class Salvaging:
    """Cleans images with a scrubber, and salvages the readable part of damaged images."""

    def __init__(self, scrubber: Scrubber, *formats: str) -> None:
        """Clean with this scrubber; `formats` are Pillow's names for the formats of its files."""
        self._scrubber, self._formats = scrubber, formats

    @property
    def mimes(self) -> frozenset[str]:
        """The MIME types that it cleans."""
        return self._scrubber.mimes

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            return self._scrubber.scrub(source, target, limits)
        except Unclean as unclean:
            if unclean.reason != "damaged":
                raise
            return salvage(source, target, limits, self._formats)


def salvage(source: Path, target: Path, limits: Limits, formats: tuple[str, ...]) -> Cleaned:
    """Write the readable part of an image (its first frame) as an upright JPEG, and return how much of it that is.

    Raises:
        Unclean: nothing of it can be read, or it is over a limit.
    """
    with incomplete_allowed(), open_image(source, limits, formats) as picture:
        picture.load()
        percent = _percent_of_rows(picture)
        without_tags(opaque(ImageOps.exif_transpose(picture))).save(target, "JPEG", quality=QUALITY, subsampling=0)
    check_decodes(target, limits, ("JPEG",))
    return Cleaned("image/jpeg", readable=percent)


def salvage_cut(source: Path, target: Path, limits: Limits, formats: tuple[str, ...], *, whole: int) -> Cleaned:
    """Write the readable part of an image that was cut off and whose decoder reads all or nothing.

    The missing bytes are filled up in two ways. Pixels that look the same both ways do not depend on the missing bytes,
    and are kept; the rest is grey. The result tells how much of the image could be read.

    Args:
        source: the image.
        target: the path of the JPEG.
        limits: bounds on the image.
        formats: the formats that it may have, in Pillow's names.
        whole: how many bytes the complete image has, by its own header.

    Raises:
        Unclean: nothing of it can be read, it is not cut off, or it is over a limit.
    """
    missing = whole - source.stat().st_size
    if not 0 < missing <= limits.file_bytes:
        raise Unclean("damaged")
    fillings = itertools.chain([bytes(missing)], (_noise(seed, missing) for seed in range(_ATTEMPTS)))
    decoded = (_filled_up(source, filling, limits, formats) for filling in fillings)
    found = list(itertools.islice((picture for picture in decoded if picture is not None), 2))
    if len(found) < 2:  # noqa: PLR2004 - two ways
        raise Unclean("damaged")
    one, other = found
    if one.size != other.size:
        raise Unclean("damaged")
    unread = _unread(ImageChops.difference(one, other))
    percent = 100 - 100 * (unread[2] - unread[0]) * (unread[3] - unread[1]) // (one.width * one.height)
    if percent <= 0:
        raise Unclean("damaged")
    one.paste(_UNREAD, unread)
    one.save(target, "JPEG", quality=QUALITY, subsampling=0)
    check_decodes(target, limits, ("JPEG",))
    return Cleaned("image/jpeg", readable=min(99, percent))


def _unread(difference: Image.Image) -> tuple[int, int, int, int]:
    """Return the smallest border of an image, whole rows or columns, outside of which there is no difference."""
    width, height = difference.size
    left, top, right, bottom = difference.getbbox() or (width, height, 0, 0)
    borders = ((0, top, width, height), (0, 0, width, bottom), (left, 0, width, height), (0, 0, right, height))
    return min(borders, key=lambda one: (one[2] - one[0]) * (one[3] - one[1]))


def _noise(seed: int, count: int) -> bytes:
    """Return bytes that are always the same for the same seed, and that do not look like an image's bytes."""
    return random.Random(seed).randbytes(count)  # noqa: S311 - nothing secret


def _filled_up(source: Path, filling: bytes, limits: Limits, formats: tuple[str, ...]) -> Image.Image | None:
    """Decode an image with this filling at its end; return None if its decoder refuses the filling."""
    filled = source.with_name(f"{source.name}.filled")
    filled.write_bytes(source.read_bytes() + filling)
    try:
        with open_image(filled, limits, formats) as picture:
            upright: Image.Image = picture
            with contextlib.suppress(*RAISES):  # where the orientation would stand there may be the filling
                upright = ImageOps.exif_transpose(picture)
            return without_tags(opaque(upright).convert("RGB"))
    except Unclean as unclean:
        if unclean.reason != "damaged":
            raise
        return None


def _percent_of_rows(picture: Image.Image) -> int:
    """Return the percentage of rows that were read, at most 99. Unread rows have one colour, that of a corner."""
    colours = picture.convert("RGB")
    corners = ((0, 0), (picture.width - 1, picture.height - 1))
    rows = min(_rows_of_another_colour(colours, colours.getpixel(corner)) for corner in corners)
    if not rows:
        raise Unclean("damaged")
    return max(1, min(99, 100 * rows // picture.height))


def _rows_of_another_colour(picture: Image.Image, colour: float | tuple[int, ...] | None) -> int:
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).convert("L")
    differs = difference.point([0] + [255] * 255).resize((1, picture.height), Image.Resampling.BOX)
    return sum(value > 0 for value in differs.tobytes())
