"""Cleans images by encoding their pixels again, so that nothing else passes into the clean copy.

The pixels of a damaged image are decoded as far as possible.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageChops, ImageOps, ImageSequence

from satark_files.images.after_end import has_more, has_other_boxes
from satark_files.images.decode import (
    LONGEST,
    UPRIGHT,
    check_decodes,
    incomplete_allowed,
    leave_reduced,
    open_image,
    orientation_exif,
    read_orientation,
)
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Unclean


def salvage(source: Path, target: Path, limits: Limits, formats: tuple[str, ...]) -> Cleaned:
    """Write the readable part of an image (its first frame) as an upright JPEG, and return its percentage of the image.

    Raises:
        Unclean: nothing of the image can be read, or it is over a limit.
    """
    with incomplete_allowed(), open_image(source, limits, formats) as picture:
        picture.load()
        percent = _percent_of_rows(picture)
        without_tags(opaque(ImageOps.exif_transpose(picture))).save(target, "JPEG", quality=QUALITY, subsampling=0)
    check_decodes(target, limits, ("JPEG",))
    return Cleaned("image/jpeg", readable=percent)


def _percent_of_rows(picture: Image.Image) -> int:
    """Return the percentage of rows that were read, at most 99. Unread rows have one colour, a corner's."""
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


MAX_FRAME_MS = 60_000
"""Most milliseconds that one frame of an animation lasts: a longer one is shortened."""
_WITH_ALPHA: Final = ("LA", "RGBA")
QUALITY = 92
"""JPEG quality of images that can't be cleaned without loss; number plates stay legible."""


class PixelScrubber(ABC):
    """Encodes images of one format again."""

    mimes: frozenset[str]
    read: str
    """Pillow's name of the format."""
    written: str
    """Pillow's name of the clean copy's format."""
    salvages = True
    """Whether the readable part of a damaged image is kept."""

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            with open_image(source, limits, (self.read,)) as picture:
                picture.verify()  # the checksums of PNG, which decoding ignores
            with open_image(source, limits, (self.read,)) as picture:
                left_out = self.encode(picture, target)
            check_decodes(target, limits, (self.written,))
        except Unclean as unclean:
            if unclean.reason != "damaged" or not self.salvages:
                raise
            return salvage(source, target, limits, (self.read,))
        after: list[LeftOut] = ["film"] * has_more(source.read_bytes())
        return Cleaned(f"image/{self.written.lower()}", left_out=left_out + after)

    @abstractmethod
    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        """Write the pixels to `target`; return the parts that are left out."""


class PngScrubber(PixelScrubber):
    """Encodes PNG again, without loss except for sixteen-bit colours. For an animation, keeps the still image."""

    mimes, read, written = frozenset({"image/png"}), "PNG", "PNG"

    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        picture.load()
        layered = picture.has_transparency_data and picture.mode not in _WITH_ALPHA
        shown = without_tags(picture.convert("RGBA") if layered else picture)
        # As large as what phones write, in a third of the time that the smallest copy takes.
        shown.save(target, "PNG", compress_level=1, **_turned(picture))
        leave_reduced(picture.reduce(max(1, max(picture.size) // LONGEST)), target)
        frames: list[LeftOut] = ["frames"] * (getattr(picture, "n_frames", 1) > 1)
        return frames + ["hidden"] * hides_colours(picture)


class GifScrubber(PixelScrubber):
    """Encodes GIF again, with its animation."""

    mimes, read, written = frozenset({"image/gif"}), "GIF", "GIF"

    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        frames, pauses = zip(*frames_of(picture), strict=True)
        frames[0].save(
            target, "GIF", save_all=True, append_images=frames[1:], duration=list(pauses), loop=0, disposal=2
        )
        return []


class BmpScrubber(PixelScrubber):
    """Converts BMP to PNG, without loss."""

    mimes, read, written = frozenset({"image/bmp"}), "BMP", "PNG"

    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        without_tags(picture.convert("RGB") if picture.mode in _WITH_ALPHA else picture).save(target, "PNG")
        return []


class TiffScrubber(PixelScrubber):
    """Encodes every page of a TIFF again, without loss."""

    mimes, read, written = frozenset({"image/tiff"}), "TIFF", "TIFF"

    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        pages = [without_tags(ImageOps.exif_transpose(page)) for page in ImageSequence.Iterator(picture)]
        pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
        return []


class WebpScrubber(PixelScrubber):
    """Encodes WebP again, stickers included, without loss: bytes may hide in its coded pixels."""

    mimes, read, written = frozenset({"image/webp"}), "WEBP", "WEBP"
    salvages = False

    def encode(self, picture: Image.Image, target: Path) -> list[LeftOut]:
        hidden: list[LeftOut] = ["hidden"] * hides_colours(picture)
        options: dict[str, Any] = {"lossless": True, "quality": 0, "method": 0, "exact": True, **_turned(picture)}
        if getattr(picture, "n_frames", 1) > 1:
            frames, pauses = zip(*frames_of(picture), strict=True)
            rest = {"save_all": True, "append_images": frames[1:], "duration": list(pauses)}
            frames[0].save(target, "WEBP", **options, **rest)
        else:
            without_tags(picture).save(target, "WEBP", **options)
        return hidden


def _turned(picture: Image.Image) -> dict[str, bytes]:
    """Return the option that keeps an image's orientation, if it has one."""
    turned = read_orientation(picture.info.get("exif", b"").removeprefix(b"Exif\0\0"))
    return {"exif": orientation_exif(turned)} if turned != UPRIGHT else {}


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
    """Return the pixels without tags, which Pillow's writers copy, and without colours that no pixel shows."""
    copy = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    if picture.mode == "P":
        copy.putpalette(_used_colours(picture))
    if picture.mode in _WITH_ALPHA:
        copy.paste(Image.new(copy.mode, copy.size), mask=_clear(copy))
    return copy


def _used_colours(picture: Image.Image) -> list[int]:
    """Return a palette up to the last colour of a pixel. Unused colours before it become black."""
    counts, colours = picture.histogram(), picture.getpalette("RGB") or []
    end = 1 + max(number for number, count in enumerate(counts) if count)
    return [value if counts[at // 3] else 0 for at, value in enumerate(colours[: 3 * end])]


def hides_colours(picture: Image.Image) -> bool:
    """Whether an image's transparent pixels differ in colour: an erased part could be made visible again."""
    if picture.mode not in {"P", *_WITH_ALPHA} or not picture.has_transparency_data:
        return False
    layer = picture.convert("RGBA")
    counts = (picture if picture.mode == "P" else layer).histogram(_clear(layer))
    return any(sum(map(bool, counts[at : at + 256])) > 1 for at in range(0, len(counts), 256))


def _clear(picture: Image.Image) -> Image.Image:
    """Return a mask of the pixels that are transparent."""
    return picture.getchannel("A").point([255] + [0] * 255)


def frames_of(picture: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield each frame of an animation, and the milliseconds that it is shown."""
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        pause = frame.info.get("duration", 100)
        pause = min(pause, MAX_FRAME_MS) if isinstance(pause, int | float) and pause >= 0 else 100
        transparent = frame.has_transparency_data
        yield without_tags(frame.convert("RGBA" if transparent else "RGB")), int(pause)


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
        return Cleaned(made, left_out=left_out + ["film"] * has_other_boxes(source.read_bytes()))
