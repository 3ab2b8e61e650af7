"""Opening pictures with Pillow, within limits. Only ever in the cleaning child: Pillow meets hostile bytes here."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING

import pi_heif
from PIL import Image, ImageFile, ImageSequence

from satark.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark.limits import Limits

pi_heif.register_heif_opener(thumbnails=False)

_RAISES = (OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, RuntimeError, ArithmeticError)
"""What Pillow's decoders raise on broken files, by its own fuzzers; a MemoryError is the child's end instead."""


@contextlib.contextmanager
def open_image(path: Path, limits: Limits, formats: tuple[str, ...]) -> Iterator[ImageFile.ImageFile]:
    """Open a picture in one of these formats; its size is checked before anything is decoded.

    Raises:
        Unclean: it is damaged, in another format, or over a limit.
    """
    Image.init()  # or a format that was not met before is not known; once it is done this costs nothing
    Image.MAX_IMAGE_PIXELS = None  # our own limit, which raises where Pillow's warns
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=formats) as picture:
            _check_size(picture, path.stat().st_size, limits)
            yield picture
    except _RAISES as error:
        raise Unclean("damaged") from error


def check_opens(path: Path, limits: Limits, formats: tuple[str, ...]) -> None:
    """Look at a picture's head alone.

    Raises:
        Unclean: it has none in these formats, or is over a limit.
    """
    with open_image(path, limits, formats):
        pass


def check_decodes(path: Path, limits: Limits, formats: tuple[str, ...]) -> None:
    """Decode every frame of a picture.

    Raises:
        Unclean: it does not decode, or is over a limit.
    """
    with open_image(path, limits, formats) as picture:
        # For JPEG: read all of it, but keep an eighth; other formats ignore the wish.
        picture.draft(picture.mode, (picture.width // 8, picture.height // 8))
        for frame in ImageSequence.Iterator(picture):
            frame.load()


def _check_size(picture: ImageFile.ImageFile, packed: int, limits: Limits) -> None:
    pixels = picture.width * picture.height
    if pixels > limits.pixels:
        raise Unclean("too-many-pixels")
    # Counting frames walks the file, so it comes after the cheap check of the first.
    pixels *= getattr(picture, "n_frames", 1)
    if pixels > limits.pixels:
        raise Unclean("too-many-pixels")
    if limits.expands_too_much(packed, pixels * len(picture.getbands())):
        raise Unclean("expands")
