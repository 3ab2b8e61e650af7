"""Searches everything that a service wrote for identifiers, in plain form and in every encoding that reveals them.

One pass over each place finds all needles at once (Aho-Corasick). What is compressed in a place is searched as well.
"""

from __future__ import annotations

import bz2
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import MetaData, make_url, select

from satark.store.engines import make_engine
from satark.store.workspace import workspace_dir
from satark_testing.needles import Needle, needles

_ADJOINING: Final = frozenset(b"0123456789abcdefABCDEF")
_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")
"""A time at the beginning of a log line. The search ignores it, since its digits may match a number by chance."""


class Find(msgspec.Struct, frozen=True, order=True):
    """An identifier that was found. It holds the kind, and never the identifier itself."""

    kind: str
    encoding: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind} as {self.encoding} in {self.place}"


class Searcher:
    """Finds secrets in places such as files and rows.

    Args:
        secrets: kind of identifier, with anything that tells two of a kind apart → the identifier.
        parts: the kinds whose parts are searched for too: five digits of a number, eight characters of a text.
    """

    def __init__(self, secrets: Mapping[str, str | bytes], parts: Collection[str] = ()) -> None:
        self._exact: dict[bytes, list[tuple[str, Needle]]] = {}
        self._folded: dict[bytes, list[tuple[str, Needle]]] = {}
        for kind, secret in secrets.items():
            for needle in needles(secret, parts=kind in parts):
                table, data = (self._folded, needle.data.lower()) if needle.folded else (self._exact, needle.data)
                table.setdefault(data, []).append((kind, needle))
        self._find_exact, self._find_folded = _finder(self._exact), _finder(self._folded)

    @property
    def needles(self) -> int:
        """Number of byte strings that are searched for."""
        return len(self._exact) + len(self._folded)

    def search(self, places: Mapping[str, bytes]) -> list[Find]:
        """Search places (name → bytes), their names and their compressed content; return the finds, sorted."""
        finds: set[Find] = set()
        for place, content in places.items():
            finds |= self._in_bytes(place, _TIME.sub(b" ", content))
            finds |= self._in_bytes(f"the name {place}", place.encode())
            for view, inner in decompressed(content):
                finds |= self._in_bytes(f"{place} ({view})", inner)
        return sorted(finds)

    def _in_bytes(self, place: str, content: bytes) -> set[Find]:
        exact = _matches(self._find_exact, self._exact, content)
        folded = _matches(self._find_folded, self._folded, content.lower())
        return {Find(kind, encoding, place) for kind, encoding in (*exact, *folded)}


def search(places: Mapping[str, bytes], secrets: Mapping[str, str | bytes]) -> list[str]:
    """Search places (name → bytes) for whole secrets; return one line per find, without the secret itself."""
    return [str(find) for find in Searcher(secrets).search(places)]


def files_below(*folders: Path) -> dict[str, bytes]:
    """Read every file below these folders, or these files. Files that are deleted in the meantime are left out."""
    files = [file for folder in folders for file in ([folder] if folder.is_file() else sorted(folder.rglob("*")))]
    found = {}
    for file in files:
        try:
            if file.is_file():
                found[str(file)] = file.read_bytes()
        except FileNotFoundError:
            continue
    return found


def rows_of(*urls: str) -> dict[str, bytes]:
    """Read every value of every row of these databases."""
    found = {}
    for url in urls:
        engine = make_engine(url)
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                values = (value for row in connection.execute(select(table)) for value in row)
                found[f"table {table.name}"] = b"\n".join(_bytes(values))
        engine.dispose()
    return found


def everything_written(folder: Path, log: Path, *urls: str) -> dict[str, bytes]:
    """Read everything that a service wrote: data folder, log, shared memory, and its databases' rows and files."""
    databases = [Path(path) for url in urls if (path := make_url(url).database) and url.startswith("sqlite")]
    files = [file for database in databases for file in database.parent.glob(f"{database.name}*")]
    return files_below(folder, log, workspace_dir(folder), *files) | rows_of(*urls)


def _finder(table: Mapping[bytes, object]) -> BytesAhoCorasick | None:
    return BytesAhoCorasick(list(table)) if table else None


def _matches(
    finder: BytesAhoCorasick | None, table: Mapping[bytes, list[tuple[str, Needle]]], content: bytes
) -> Iterator[tuple[str, str]]:
    if finder is None:
        return
    wanted = list(table.values())
    for index, start, end in finder.find_matches_as_indexes(content, overlapping=True):
        for kind, needle in wanted[index]:
            if not needle.bounded or _stands_alone(content, start, end):
                yield kind, needle.encoding


def _stands_alone(content: bytes, start: int, end: int) -> bool:
    before = start > 0 and content[start - 1] in _ADJOINING
    after = end < len(content) and content[end] in _ADJOINING
    return not (before or after)


def _bytes(values: Iterable[object]) -> Iterator[bytes]:
    for value in values:
        yield bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

MOST_BYTES: Final = 8 << 20
"""Maximum number of bytes that are read of one compressed stream."""
DEPTH: Final = 3
"""Maximum depth of compressed streams inside compressed streams."""
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
    """Yield format and content of every compressed stream in the content, and of those inside it."""
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
    """Read a stream as far as possible, so that a damaged end does not hide the beginning."""
    found = bytearray()
    try:
        for at in range(0, len(data), 4096):
            found += decompressor.decompress(data[at : at + 4096])
            if decompressor.eof or len(found) > MOST_BYTES:
                break
    except (zlib.error, ZstdError, OSError, lzma.LZMAError, EOFError, ValueError):
        pass
    return bytes(found) if len(found) >= _SHORTEST else b""
