"""Salvages the readable part of a damaged image: decodes its pixels as far as possible, and encodes them again."""

from pathlib import Path

from PIL import Image, ImageChops, ImageOps

from satark_files.images.decode import check_decodes, incomplete_allowed, open_image
from satark_files.images.reencode import QUALITY, opaque, without_tags
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Scrubber, Unclean


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
