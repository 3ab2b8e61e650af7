"""Opens images with Pillow within limits, in full or reduced size. Runs in the sandbox only.

Decoding takes most of the time for a photo. A cleaner decodes its copy to check it, and leaves the reduced picture
beside the copy, so that no later job (preview, looks) decodes the copy again.
"""

import contextlib
import io
import re
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pi_heif
from PIL import Image, ImageFile, ImageOps, ImageSequence

from satark_files.limits import Limits
from satark_files.scrubber import Unclean

pi_heif.register_heif_opener(thumbnails=False)

RAISES = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, RuntimeError, ArithmeticError,
    struct.error,
)  # fmt: skip
"""The exceptions of Pillow's decoders for broken files, according to its fuzzers. A MemoryError ends the child."""


@contextlib.contextmanager
def open_image(
    path: Path, limits: Limits, formats: tuple[str, ...], *, reduced: bool = False
) -> Iterator[ImageFile.ImageFile]:
    """Open an image in one of these formats; its size is checked before anything is decoded.

    `reduced`: a JPEG is decoded in reduced size or not at all, so that it may be larger.

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
    """Let the block decode incomplete images: the missing part of an image stays black or transparent."""
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


LONGEST: Final = 480
"""Smallest number of pixels to which the longer side of a larger picture is reduced."""
_MODES: Final = ("L", "RGB")
"""Pillow's modes that an uncompressed file (PPM) can hold."""
_FORMAT: Final = "PPM"


def reduced_size(picture: Image.Image) -> tuple[int, int]:
    """Return the reduced size, in the proportions of the picture, to pass to Pillow's `draft`."""
    longer = max(picture.size)
    return max(1, LONGEST * picture.width // longer), max(1, LONGEST * picture.height // longer)


def leave_reduced(picture: Image.Image, clean: Path) -> None:
    """Turn a reduced picture upright, by the orientation in its Exif block, and leave it beside the clean copy."""
    if picture.mode in _MODES:
        ImageOps.exif_transpose(picture).save(_beside(clean), _FORMAT)


@contextlib.contextmanager
def open_reduced(clean: Path, limits: Limits, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Open the reduced picture that was left beside a clean copy; if there is none, open the copy.

    Raises:
        Unclean: for the reasons of `open_image`.
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


TAG = 0x0112
"""Exif's tag of the orientation, the only field that a clean copy keeps (CIPA DC-008 section 4.6.4)."""
UPRIGHT = 1


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of an Exif block without its `Exif` prefix; 1 if the block has none."""
    found = Image.Exif()
    try:
        found.load(exif)
        value = found.get(TAG, UPRIGHT)
    except Exception:  # noqa: BLE001 - Pillow documents no list of what it raises on hostile bytes
        return UPRIGHT
    return value if isinstance(value, int) and value in range(1, 9) else UPRIGHT


def orientation_exif(orientation: int) -> bytes:
    """Return an Exif block (big-endian TIFF, one directory, one entry) with nothing but this orientation."""
    entry = TAG.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)


_SMALLEST_SHARE, _TALLEST = 8, 65_500
_CARRIED = 6
"""Most blocks that libjpeg decodes from the bits that fill up the last byte of a scan."""


def hides_rows(image: bytes) -> bool:
    """Whether a progressive JPEG has more coded rows than its height. No viewer shows these rows.

    To find them, its height is raised: libjpeg leaves blocks grey if nothing is coded.

    Raises:
        Unclean: the image does not decode.
    """
    try:
        with Image.open(io.BytesIO(image), formats=("JPEG",)) as picture:
            width, height = picture.size
        size, taller = height.to_bytes(2) + width.to_bytes(2), min(_TALLEST, 2 * height + 64)
        at = next(re.finditer(rb"(?s)\xff[\xc0-\xc2]..\x08" + re.escape(size), image)).end()
        rows = 8 * max(sampling & 15 for sampling in image[at + 2 : at + 1 + 3 * image[at] : 3])
        raised = image[: at - 4] + taller.to_bytes(2) + image[at - 2 :]
        with Image.open(io.BytesIO(raised), formats=("JPEG",)) as picture:
            picture.draft(picture.mode, (max(1, width // _SMALLEST_SHARE), taller // _SMALLEST_SHARE))
            first = -(-height // rows) * rows * picture.height // taller
            below = picture.crop((0, first, *picture.size)).convert("L")
    except RAISES:
        raise Unclean("damaged") from None
    counts = below.histogram()
    return sum(counts) - max(counts) > _CARRIED
