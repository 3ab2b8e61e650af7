"""Opens images with Pillow, within limits. Runs in the sandbox only, since Pillow decodes hostile bytes here."""

from __future__ import annotations

import contextlib
import struct
import warnings
from typing import TYPE_CHECKING

import pi_heif
from PIL import Image, ImageFile, ImageSequence

from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark_files.limits import Limits

pi_heif.register_heif_opener(thumbnails=False)

RAISES = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, RuntimeError, ArithmeticError,
    struct.error,
)  # fmt: skip
"""What Pillow's decoders raise on broken files, by its own fuzzers. A MemoryError ends the child instead."""


@contextlib.contextmanager
def open_image(
    path: Path, limits: Limits, formats: tuple[str, ...], *, reduced: bool = False
) -> Iterator[ImageFile.ImageFile]:
    """Open an image in one of these formats; its size is checked before anything is decoded.

    `reduced`: a JPEG is decoded to a part of its size only, if at all, so that it may be larger.

    Raises:
        Unclean: the image is damaged, in another format, or over a limit.
    """
    Image.init()  # registers every format; costs nothing the second time
    Image.MAX_IMAGE_PIXELS = None  # our own limit replaces it: Pillow only warns
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=formats) as image:
            _check_size(image, path.stat().st_size, limits, reduced=reduced)
            yield image
    except RAISES as error:
        raise Unclean("damaged") from error


def check_opens(path: Path, limits: Limits, formats: tuple[str, ...], *, reduced: bool = False) -> None:
    """Check an image's header alone; `reduced` as in `open_image`.

    Raises:
        Unclean: the image has no header in these formats, or is over a limit.
    """
    with open_image(path, limits, formats, reduced=reduced):
        pass


def check_decodes(path: Path, limits: Limits, formats: tuple[str, ...]) -> None:
    """Decode every frame of an image.

    Raises:
        Unclean: the image does not decode, or is over a limit.
    """
    with open_image(path, limits, formats, reduced=True) as image:
        # JPEG is read completely but decoded to an eighth of its size; other formats ignore this.
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        for frame in ImageSequence.Iterator(image):
            frame.load()


@contextlib.contextmanager
def incomplete_allowed() -> Iterator[None]:
    """Decode what there is of images in the block: what is missing stays black or transparent."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _check_size(image: ImageFile.ImageFile, packed: int, limits: Limits, *, reduced: bool) -> None:
    most = limits.photo_pixels if reduced and image.format == "JPEG" else limits.pixels
    pixels = image.width * image.height
    if pixels > most:
        raise Unclean("too-many-pixels")
    # Counting the frames reads the whole file, so the cheap check of the first frame comes before.
    pixels *= getattr(image, "n_frames", 1)
    if pixels > most:
        raise Unclean("too-many-pixels")
    bits = 1 if image.mode == "1" else 8
    if limits.expands_too_much(packed, pixels * len(image.getbands()) * bits // 8):
        raise Unclean("expands")
