"""Finds where the coded pixels of a JPEG end, so that nothing hides between them and the end of the image.

A decoder stops reading once it has every row. Bytes up to the next marker are skipped, whatever they hold. Pillow's
decoder is fed piece by piece, at a part of the size, until it has all rows. libjpeg reads up to eight bytes ahead,
so less than that can't be found where nothing follows. Progressive images are read to their end before any row is
there: in those nothing can be found. Runs in the sandbox only.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from satark_files.images.decode import RAISES
from satark_files.images.reduced import reduced_size
from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Callable

_EOI: Final = b"\xff\xd9"
_CHUNK: Final = 1 << 16
_PADDING: Final = 1
"""Bytes that may hold nothing but the bits that fill up the last one."""
_AHEAD: Final = 8
"""Bytes that libjpeg reads ahead at most."""


def decoded_part(image: bytes) -> tuple[bytes, Image.Image]:
    """Decode an image of one scan, which ends with its end marker.

    Returns:
        The image without bytes after its last coded block, and the reduced picture that was decoded.

    Raises:
        Unclean: it does not decode.
    """
    last = len(image) - len(_EOI)
    try:
        decoder = _Decoder(image, reduced_size)
        about = decoder.finish(0, last, _CHUNK)
        return image if about is None else _without_rest(image, about), decoder.picture
    except RAISES:
        raise Unclean("damaged") from None


def _without_rest(image: bytes, about: int) -> bytes:
    """Remove what follows the last coded block, which ends a bit before this offset."""
    last = len(image) - len(_EOI)
    exact = _Decoder(image, _smallest).finish(max(0, about - _CHUNK), about, 1) or about
    pixels = _pixels(image[:exact] + _EOI)
    ends = range(max(0, exact - _AHEAD), exact)
    end = next((end for end in ends if _pixels(image[:end] + _EOI) == pixels), exact)
    return image[:end] + _EOI if last - end > _PADDING else image


class _Decoder:
    """Decodes an image at a part of its size, fed piece by piece."""

    def __init__(self, image: bytes, size: Callable[[Image.Image], tuple[int, int]]) -> None:
        """Decode at no less than this size."""
        pillow: Any = Image  # what is needed of it is not public
        opened: Any = Image.open(io.BytesIO(image), formats=("JPEG",))
        opened.draft(opened.mode, size(opened))
        tile, core = opened.tile[0], pillow.core.new(opened.mode, opened.size)
        self._image = image
        self._decoder = pillow._getdecoder(opened.mode, tile.codec_name, tile.args, opened.decoderconfig)  # noqa: SLF001 - the public ones read all of a file
        self._decoder.setimage(core, tile.extents)
        self.picture: Image.Image = opened._new(core)  # noqa: SLF001 - with the orientation of what was opened
        """What is decoded so far."""

    def finish(self, begin: int, last: int, piece: int) -> int | None:
        """Return after how many bytes the decoder has all rows, fed piece by piece; None: it needs all up to `last`.

        Raises:
            OSError: the image does not decode.
        """
        image = self._image
        fed, waiting = begin, image[:begin]
        while True:
            read, code = self._decoder.decode(waiting)
            if code < 0:
                raise OSError(code)
            if read < 0:
                return fed if fed <= last else None
            if fed > last:
                raise OSError("the rows are not complete")
            following = min(last, fed + piece) if fed < last else len(image)
            waiting = waiting[read:] + image[fed:following]
            fed = following


def _smallest(picture: Image.Image) -> tuple[int, int]:
    return max(1, picture.width // 8), max(1, picture.height // 8)


def _pixels(image: bytes) -> bytes:
    with Image.open(io.BytesIO(image), formats=("JPEG",)) as picture:
        return picture.tobytes()
