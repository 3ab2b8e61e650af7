"""What lies inside a document: its pictures are cleaned as if they had come alone; what can't be is left blank."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from satark.evidence.images.jpeg import JpegScrubber
from satark.evidence.images.png import PngScrubber
from satark.evidence.images.reencode import BmpScrubber, GifScrubber, TiffScrubber
from satark.evidence.images.webp import WebpScrubber
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from satark.limits import Limits
    from satark.scrubber import Scrubber


class EmbeddedImages:
    """Cleans a document's pictures. All of them together keep to the limit on pixels only one by one."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        cleaners: list[Scrubber] = [
            JpegScrubber(), PngScrubber(), GifScrubber(), TiffScrubber(), WebpScrubber(), BmpScrubber(),
        ]  # fmt: skip
        self._cleaners = {mime: cleaner for cleaner in cleaners for mime in cleaner.mimes}
        self._folder = folder
        self._limits = limits

    def clean(self, data: bytes) -> tuple[bytes, str]:
        """Clean one picture; give it with the ending of its type. A blank one where it can't be cleaned."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            source.write_bytes(data)
            cleaner = self._cleaners.get(sniff_file(source)) if data else None
            if cleaner is None:
                return BLANK_PNG, "png"
            try:
                mime = cleaner.scrub(source, target, self._limits)
            except Unclean:
                return BLANK_PNG, "png"
            return target.read_bytes(), mime.rpartition("/")[2]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


BLANK_PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff"))
    + _chunk(b"IEND", b"")
)
"""A white pixel."""
