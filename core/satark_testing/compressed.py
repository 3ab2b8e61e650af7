"""Finds what is compressed within bytes, wherever it begins: zlib, gzip, zstd, bzip2, xz, members of ZIP files."""

from __future__ import annotations

import bz2
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

MOST_BYTES: Final = 8 << 20
"""Bytes that are read of one compressed stream, at most."""
DEPTH: Final = 3
"""How often something compressed within something compressed is opened."""
_SHORTEST: Final = 4

_BEGINNINGS: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[], Any]], ...]] = (
    ("zlib", re.compile(rb"\x78[\x01\x5e\x9c\xda]"), zlib.decompressobj),
    ("gzip", re.compile(rb"\x1f\x8b\x08"), lambda: zlib.decompressobj(31)),
    ("zstd", re.compile(rb"\x28\xb5\x2f\xfd"), ZstdDecompressor),
    ("bzip2", re.compile(rb"BZh[1-9]1AY&SY"), bz2.BZ2Decompressor),
    ("xz", re.compile(rb"\xfd7zXZ\x00"), lzma.LZMADecompressor),
)
_ZIP_MEMBER: Final = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)


def decompressed(content: bytes, depth: int = DEPTH) -> Iterator[tuple[str, bytes]]:
    """Yield the name of a form and what it holds, for every compressed stream in the content, and within that."""
    for name, inner in _streams(content):
        yield name, inner
        if depth > 1:
            yield from ((f"{name}, {view}", data) for view, data in decompressed(inner, depth - 1))


def _streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    for name, beginning, opened in _BEGINNINGS:
        for found in beginning.finditer(content):
            if inner := _read(opened(), content[found.start() : found.start() + MOST_BYTES]):
                yield name, inner
    for found in _ZIP_MEMBER.finditer(content):
        start = found.end() + int.from_bytes(found[1], "little") + int.from_bytes(found[2], "little")
        if inner := _read(zlib.decompressobj(-15), content[start : start + MOST_BYTES]):
            yield "zip", inner


def _read(decompressor: Any, data: bytes) -> bytes:
    """Read a stream as far as it goes: a damaged end does not hide its beginning."""
    found = bytearray()
    try:
        for at in range(0, len(data), 4096):
            found += decompressor.decompress(data[at : at + 4096])
            if decompressor.eof or len(found) > MOST_BYTES:
                break
    except (zlib.error, ZstdError, OSError, lzma.LZMAError, EOFError, ValueError):
        pass
    return bytes(found) if len(found) >= _SHORTEST else b""
