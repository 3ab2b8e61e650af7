"""Finds where the coded pixels of a JPEG end, so that nothing hides between them and the end of the image.

A decoder stops reading once it has every row. Bytes up to the next marker are skipped, whatever they hold. Pillow's
decoder is fed piece by piece, at an eighth of the size, until it has all rows. libjpeg reads up to eight bytes ahead,
so less than that can't be found where nothing follows. Progressive images are read to their end before any row is
there: in those nothing can be found. Runs in the sandbox only.
"""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image

from satark.evidence.images.decode import RAISES
from satark.scrubber import Unclean

_EOI: Final = b"\xff\xd9"
_CHUNK: Final = 1 << 16
_PADDING: Final = 1
"""Bytes that may hold nothing but the bits that fill up the last one."""
_AHEAD: Final = 8
"""Bytes that libjpeg reads ahead at most."""


def decoded_part(image: bytes) -> bytes:
    """Decode an image of one scan, which ends with its end marker; return it without bytes after its last coded block.

    Raises:
        Unclean: it does not decode.
    """
    last = len(image) - len(_EOI)
    try:
        about = _finished(image, 0, last, _CHUNK)
        return image if about is None else _without_rest(image, about)
    except RAISES:
        raise Unclean("damaged") from None


def _without_rest(image: bytes, about: int) -> bytes:
    """Remove what follows the last coded block, which ends a bit before this offset."""
    last = len(image) - len(_EOI)
    exact = _finished(image, max(0, about - _CHUNK), about, 1) or about
    pixels = _pixels(image[:exact] + _EOI)
    ends = range(max(0, exact - _AHEAD), exact)
    end = next((end for end in ends if _pixels(image[:end] + _EOI) == pixels), exact)
    return image[:end] + _EOI if last - end > _PADDING else image


def _finished(image: bytes, begin: int, last: int, piece: int) -> int | None:
    """Return after how many bytes the decoder has all rows, fed piece by piece; None: it needs all up to `last`.

    Raises:
        OSError: the image does not decode.
    """
    decoder = _decoder(image)
    fed, waiting = begin, image[:begin]
    while True:
        read, code = decoder.decode(waiting)
        if code < 0:
            raise OSError(code)
        if read < 0:
            return fed if fed <= last else None
        if fed > last:
            raise OSError("the rows are not complete")
        following = min(last, fed + piece) if fed < last else len(image)
        waiting = waiting[read:] + image[fed:following]
        fed = following


def _decoder(image: bytes) -> Any:
    """Return a decoder of the image at an eighth of its size, which takes its bytes piece by piece."""
    pillow: Any = Image  # what is needed of it is not public
    picture: Any = Image.open(io.BytesIO(image), formats=("JPEG",))
    picture.draft(picture.mode, (max(1, picture.width // 8), max(1, picture.height // 8)))
    tile = picture.tile[0]
    decoder = pillow._getdecoder(picture.mode, tile.codec_name, tile.args, picture.decoderconfig)  # noqa: SLF001 - the public ones decode at full size
    decoder.setimage(pillow.core.new(picture.mode, picture.size), tile.extents)
    return decoder


def _pixels(image: bytes) -> bytes:
    with Image.open(io.BytesIO(image), formats=("JPEG",)) as picture:
        return picture.tobytes()
