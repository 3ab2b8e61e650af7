"""Cleans the images inside a document; an image that can't be cleaned is replaced by a blank one."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path

from satark_files.images.jpeg import JpegScrubber
from satark_files.images.png import SIGNATURE, PngScrubber, chunk
from satark_files.images.reencode import BmpScrubber, GifScrubber, TiffScrubber
from satark_files.images.webp import WebpScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Scrubber, Unclean
from satark_files.sniff import sniff_file


class EmbeddedImages:
    """Cleans a document's images. The limit on pixels applies to each image, not to all of them together."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        scrubbers: list[Scrubber] = [
            JpegScrubber(), PngScrubber(), GifScrubber(), TiffScrubber(), WebpScrubber(), BmpScrubber(),
        ]  # fmt: skip
        self._scrubbers = {mime: scrubber for scrubber in scrubbers for mime in scrubber.mimes}
        self._folder = folder
        self._limits = limits

    def clean(self, data: bytes) -> tuple[bytes, str]:
        """Clean one image and return it with its file extension; return a blank PNG if it can't be cleaned."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            source.write_bytes(data)
            scrubber = self._scrubbers.get(sniff_file(source)) if data else None
            if scrubber is None:
                return BLANK_PNG, "png"
            try:
                mime = scrubber.scrub(source, target, self._limits)
            except Unclean:
                return BLANK_PNG, "png"
            return target.read_bytes(), mime.rpartition("/")[2]


BLANK_PNG = (
    SIGNATURE
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\xff"))
    + chunk(b"IEND", b"")
)
"""A white pixel, as PNG."""
