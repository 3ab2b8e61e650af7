"""Cleans the images inside a document; an image that can't be cleaned is replaced by a blank one."""

import io
import math
import tempfile
from pathlib import Path

from PIL import Image

from satark_files.images.decode import RAISES
from satark_files.images.jpeg import JpegScrubber
from satark_files.images.reencode import QUALITY, BmpScrubber, GifScrubber, PngScrubber, TiffScrubber, WebpScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Scrubber, Unclean
from satark_files.sniff import sniff_file

Sides = tuple[float, ...]
"""The cut-off shares of a picture at the left, top, right and bottom; empty: the picture is whole."""


class EmbeddedImages:
    """Cleans a document's images. The limit on pixels applies to each image, not to all of them together."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        scrubbers: list[Scrubber] = [
            JpegScrubber(), PngScrubber(), GifScrubber(), TiffScrubber(), WebpScrubber(), BmpScrubber(),
        ]  # fmt: skip
        self._scrubbers = {mime: scrubber for scrubber in scrubbers for mime in scrubber.mimes}
        self._folder = folder
        self._limits = limits

    def clean(self, data: bytes, cut: Sides = ()) -> tuple[bytes, str]:
        """Clean one image without its cut-off part; return it and its file extension, or a blank PNG on failure."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            source.write_bytes(data)
            scrubber = self._scrubbers.get(sniff_file(source)) if data else None
            if scrubber is None:
                return BLANK_PNG, "png"
            try:
                mime = scrubber.scrub(source, target, self._limits)
                _crop(target, *cut)
            except (Unclean, *RAISES):
                return BLANK_PNG, "png"
            return target.read_bytes(), mime.rpartition("/")[2]


def _crop(path: Path, left: float = 0.0, top: float = 0.0, right: float = 0.0, bottom: float = 0.0) -> None:
    """Keep only the part of a picture inside of these shares of its sides."""
    if any((left, top, right, bottom)):
        with Image.open(path) as picture:
            width, height = picture.size
            end = math.floor(width * (1 - right)), math.floor(height * (1 - bottom))
            part = picture.crop((math.ceil(width * left), math.ceil(height * top), *end))
            part.save(path, picture.format, exif=picture.info.get("exif", b""), quality=QUALITY)


def _blank() -> bytes:
    written = io.BytesIO()
    Image.new("L", (1, 1), "white").save(written, "PNG")
    return written.getvalue()


BLANK_PNG = _blank()
"""A white pixel, as PNG."""
