"""Finds metadata inside uncompressed sound: in a damaged AIFF or WAV file, the sound reaches into the chunks after it.

Where bytes are missing, or the chunk's size is wrong, ffmpeg reads the names and comments that follow as samples.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# Chunks that hold text or tags: AIFF 1.3 sections 8 to 15; RIFF with EBU Tech 3285, AES46, and what recorders add.
_IDS: Final = (
    b"ANNO", b"APPL", b"AUTH", b"COMT", b"DISP", b"ID3 ", b"LIST", b"NAME", b"_PMX", b"aXML", b"axml", b"bext", b"cart",
    b"(c) ", b"iXML", b"id3 ",
)  # fmt: skip
_SIZES: Final = {"audio/aiff": rb"\0[\s\S]{3}", "audio/wav": rb"[\s\S]{3}\0"}
"""MIME type → size of a chunk below 16 MB, in the type's byte order: samples seldom look like that."""
_HEADS: Final = {
    mime: re.compile(b"(?:" + b"|".join(map(re.escape, _IDS)) + b")" + size) for mime, size in _SIZES.items()
}
_HEAD_BYTES: Final = 8
_BLOCK_BYTES: Final = 1 << 20

MIMES: Final = frozenset(_HEADS)
"""The MIME types that are searched."""


def holds_metadata(mime: str, path: Path) -> bool:
    """Whether a chunk of metadata begins anywhere in a file that ffmpeg wrote, which has none of its own."""
    with path.open("rb") as file:
        block = b""
        while more := file.read(_BLOCK_BYTES):
            block = block[1 - _HEAD_BYTES :] + more
            if _HEADS[mime].search(block):
                return True
    return False
