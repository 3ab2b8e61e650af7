"""Pictures drawn anew: only pixels pass from the old file to the new one, so nothing else can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageOps, ImageSequence

from satark.evidence.images.decode import check_decodes, open_image
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark.limits import Limits

MAX_FRAME_MS = 60_000
"""Milliseconds that one picture of an animation may stand."""
QUALITY = 92
"""JPEG quality of pictures that can't be cleaned without loss: number plates stay as legible as they were."""


class HeifScrubber:
    """Turns HEIC and AVIF into JPEG, which every officer's computer shows and which takes a tenth of the time."""

    mimes = frozenset({"image/heic", "image/avif"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        return to_jpeg(source, target, limits, formats=("HEIF", "AVIF"))


class GifScrubber:
    """Draws GIF anew, with its animation."""

    mimes = frozenset({"image/gif"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("GIF",)) as picture:
            frames, pauses = zip(*_gif_frames(picture), strict=True)
        frames[0].save(
            target, "GIF", save_all=True, append_images=frames[1:], duration=list(pauses), loop=0, disposal=2
        )
        check_decodes(target, limits, ("GIF",))
        return "image/gif"


class BmpScrubber:
    """Draws BMP anew as PNG, without loss."""

    mimes = frozenset({"image/bmp"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("BMP",)) as picture:
            _bare(picture).save(target, "PNG")
        check_decodes(target, limits, ("PNG",))
        return "image/png"


class TiffScrubber:
    """Draws every page of a TIFF anew, without loss."""

    mimes = frozenset({"image/tiff"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("TIFF",)) as picture:
            pages = [_bare(ImageOps.exif_transpose(page)) for page in ImageSequence.Iterator(picture)]
            pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
        check_decodes(target, limits, ("TIFF",))
        return "image/tiff"


def to_jpeg(source: Path, target: Path, limits: Limits, formats: tuple[str, ...]) -> str:
    """Draw a picture (its first frame) anew as an upright JPEG on white, and return the MIME type of that.

    Raises:
        Unclean: it does not decode, or is over a limit.
    """
    with open_image(source, limits, formats) as picture:
        upright = ImageOps.exif_transpose(picture)
        _bare(_opaque(upright)).save(target, "JPEG", quality=QUALITY, subsampling=0, optimize=False)
    check_decodes(target, limits, ("JPEG",))
    return "image/jpeg"


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _bare(picture: Image.Image) -> Image.Image:
    """The same pixels in a picture object that knows nothing else: Pillow's writers copy tags that they find."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    palette = picture.getpalette("RGB") if picture.mode == "P" else None
    if palette:
        bare.putpalette(palette)
    return bare


def _gif_frames(picture: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    for frame in ImageSequence.Iterator(picture):
        pause = frame.info.get("duration", 100)
        if not isinstance(pause, int | float) or not 0 <= pause <= MAX_FRAME_MS:
            raise Unclean("damaged")
        transparent = frame.has_transparency_data
        yield _bare(frame.convert("RGBA" if transparent else "RGB")), int(pause)
