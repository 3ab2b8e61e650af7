"""Cleans images by encoding their pixels again, so that nothing else passes into the clean copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, ImageSequence

from satark_files.images.decode import UPRIGHT, check_decodes, open_image, orientation_exif, read_orientation
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut

MAX_FRAME_MS = 60_000
"""Most milliseconds that one frame of an animation lasts: a longer frame is shortened to them."""
QUALITY = 92
"""JPEG quality of images that can't be cleaned without loss; number plates stay legible."""


class GifScrubber:
    """Encodes GIF again, with its animation."""

    mimes = frozenset({"image/gif"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("GIF",)) as picture:
            frames, pauses = zip(*frames_of(picture), strict=True)
        frames[0].save(
            target, "GIF", save_all=True, append_images=frames[1:], duration=list(pauses), loop=0, disposal=2
        )
        check_decodes(target, limits, ("GIF",))
        return "image/gif"


class BmpScrubber:
    """Converts BMP to PNG, without loss."""

    mimes = frozenset({"image/bmp"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("BMP",)) as picture:
            without_tags(picture).save(target, "PNG")
        check_decodes(target, limits, ("PNG",))
        return "image/png"


class TiffScrubber:
    """Encodes every page of a TIFF again, without loss."""

    mimes = frozenset({"image/tiff"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, ("TIFF",)) as picture:
            pages = [without_tags(ImageOps.exif_transpose(page)) for page in ImageSequence.Iterator(picture)]
            pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
        check_decodes(target, limits, ("TIFF",))
        return "image/tiff"


def to_jpeg(source: Path, target: Path, limits: Limits, formats: tuple[str, ...]) -> str:
    """Encode an image (its first frame) as an upright JPEG on white, and return JPEG's MIME type.

    Raises:
        Unclean: the image does not decode, or is over a limit.
    """
    with open_image(source, limits, formats) as picture:
        upright = ImageOps.exif_transpose(picture)
        without_tags(opaque(upright)).save(target, "JPEG", quality=QUALITY, subsampling=0, optimize=False)
    check_decodes(target, limits, ("JPEG",))
    return "image/jpeg"


def opaque(picture: Image.Image) -> Image.Image:
    """Return the image on white, in a mode that JPEG has."""
    if not picture.has_transparency_data:
        return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def without_tags(picture: Image.Image) -> Image.Image:
    """Return the pixels in an image object without tags, since Pillow's writers copy tags that they find."""
    copy = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    palette = picture.getpalette("RGB") if picture.mode == "P" else None
    if palette:
        copy.putpalette(palette)
    return copy


def frames_of(picture: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield each frame of an animation, and the milliseconds that it is shown."""
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        pause = frame.info.get("duration", 100)
        pause = min(pause, MAX_FRAME_MS) if isinstance(pause, int | float) and pause >= 0 else 100
        transparent = frame.has_transparency_data
        yield without_tags(frame.convert("RGBA" if transparent else "RGB")), int(pause)


class WebpScrubber:
    """Encodes WebP again, stickers included, without loss: bytes may hide in its coded pixels."""

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


_FORMATS: Final = ("HEIF", "AVIF")


class HeifScrubber:
    """Converts HEIC and AVIF to JPEG, which every computer shows and which is encoded in a tenth of the time."""

    mimes = frozenset({"image/heic", "image/avif"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with open_image(source, limits, _FORMATS) as picture:
            count = getattr(picture, "n_frames", 1)
        made = to_jpeg(source, target, limits, formats=_FORMATS)
        left_out: list[LeftOut] = ["pictures"] if count > 1 else []
        return Cleaned(made, left_out=left_out + ["film"] * _has_film(source))


def _has_film(source: Path) -> bool:
    """Whether the film of a moving photo follows the picture, in a box (Samsung's `mpvd`) or as a file of its own."""
    data = source.read_bytes()
    return b"mpvd" in data or data.count(b"ftyp") > 1
