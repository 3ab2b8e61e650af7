"""Searches everything that a service wrote for identifiers, in plain form and in every encoding that reveals them.

`needles` are the byte strings that reveal an identifier, as a whole or, with `parts`, by five of its digits or eight of
its characters: a log line with the last digits of a number names its owner too. One pass over each place finds all
needles at once (Aho-Corasick). Compressed content of a place is searched as well.
"""

import base64
import bz2
import codecs
import hashlib
import html
import json
import lzma
import re
import sys
import urllib.parse
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import MetaData, make_url, select

from satark.store.engines import make_engine
from satark.store.workspace import workspace_dir

HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")
"""Unkeyed hash functions. The beginnings of hashes are searched for, so that a shortened hash is found as well."""
SHORTEST_DIGITS: Final = 5
"""Minimum number of digits in a part of a number that is searched for."""
UNBOUNDED_DIGITS: Final = 8
"""Number of digits from which a part counts anywhere. A shorter part counts only without an adjacent digit or hex
letter."""
SHORTEST_TEXT: Final = 8
"""Minimum number of characters in a part of a text that is searched for."""
SHORTEST_NEEDLE: Final = 5
"""Minimum length of a needle in bytes. A shorter one would be found by chance."""
_HASH_BYTES: Final = 8
_INDIAN: Final = 12
"""Number of digits of an Indian number with its country code."""
_NUMBER: Final = re.compile(r"\+?\d{5,19}")


class Needle(msgspec.Struct, frozen=True):
    """One byte string to search for."""

    data: bytes
    encoding: str
    """The encoding, such as `base64 +1`, for the report."""
    folded: bool = False
    """Whether the search ignores upper and lower case."""
    bounded: bool = False
    """Whether the needle counts only without an adjacent digit or hexadecimal letter."""


def needles(value: str | bytes, *, parts: bool = False) -> list[Needle]:
    """Return the needles of a value: a text, or bytes such as a part of a picture."""
    found = list(_of_whole(value))
    if parts and isinstance(value, str):
        found += _of_parts(value)
    once = {(needle.data.lower() if needle.folded else needle.data): needle for needle in reversed(found)}
    return [needle for needle in once.values() if len(needle.data) >= SHORTEST_NEEDLE]


def _of_whole(value: str | bytes) -> Iterator[Needle]:
    raw = value.encode() if isinstance(value, str) else value
    yield from _of_bytes(raw)
    if isinstance(value, bytes):
        return
    yield from _of_text(value)
    for form in _spellings(value):
        yield from _hashes(form.encode())
    if _NUMBER.fullmatch(value):
        yield from _of_number(int(value))


def _of_bytes(raw: bytes) -> Iterator[Needle]:
    yield Needle(raw, "raw", folded=True)
    yield Needle(raw[::-1], "reversed", folded=True)
    yield Needle(raw.hex().encode(), "hex", folded=True)
    for shift in range(3):
        standard = _aligned(base64.b64encode(bytes(shift) + raw), shift * 8, len(raw) * 8, 6)
        yield Needle(standard, f"base64 +{shift}")
        if (safe := standard.translate(bytes.maketrans(b"+/", b"-_"))) != standard:
            yield Needle(safe, f"base64url +{shift}")
    for shift in range(5):
        text = _aligned(base64.b32encode(bytes(shift) + raw), shift * 8, len(raw) * 8, 5)
        yield Needle(text, f"base32 +{shift}", folded=True)


def _of_text(value: str) -> Iterator[Needle]:
    for form in {value, value.lower(), value.upper()}:
        yield Needle(form.encode("utf-16-le"), "UTF-16LE", folded=form.isascii())
        yield Needle(form.encode("utf-16-be"), "UTF-16BE", folded=form.isascii())
    yield Needle(urllib.parse.quote(value, safe="").encode(), "percent-encoded", folded=True)
    yield Needle("".join(f"%{byte:02x}" for byte in value.encode()).encode(), "percent-encoded", folded=True)
    yield Needle(json.dumps(value)[1:-1].encode(), "JSON escapes", folded=True)
    yield Needle("".join(f"\\u{ord(c):04x}" for c in value).encode(), "JSON escapes", folded=True)
    yield Needle(repr(value.encode())[2:-1].encode(), "Python escapes", folded=True)
    yield Needle(html.escape(value).encode(), "HTML escapes", folded=True)
    yield Needle(value.encode("ascii", "xmlcharrefreplace"), "HTML escapes", folded=True)
    yield Needle("".join(f"&#x{ord(c):x};" for c in value).encode(), "HTML escapes", folded=True)
    yield Needle(codecs.encode(value.encode(), "quopri"), "quoted-printable", folded=True)
    yield Needle(codecs.encode(value, "rot13").encode(), "ROT13", folded=True)


def _of_number(number: int) -> Iterator[Needle]:
    size = (number.bit_length() + 7) // 8
    yield Needle(number.to_bytes(size, "big"), "integer, big-endian")
    yield Needle(number.to_bytes(size, "little"), "integer, little-endian")
    yield Needle(f"{number:x}".encode(), "hex of the integer", folded=True)
    digits = str(number)
    padded = digits if len(digits) % 2 == 0 else f"{digits}f"
    yield Needle(bytes.fromhex(padded), "packed decimal")
    swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    yield Needle(bytes.fromhex(swapped), "packed decimal, swapped as in SMS")


def _hashes(raw: bytes) -> Iterator[Needle]:
    for name in HASHES:
        digest = hashlib.new(name, raw, usedforsecurity=False).digest()
        beginning = digest[:_HASH_BYTES]
        yield Needle(beginning, f"{name} raw")
        yield Needle(beginning.hex().encode()[:12], f"{name} hex", folded=True)
        yield Needle(base64.b64encode(digest)[:10], f"{name} base64")
        yield Needle(base64.urlsafe_b64encode(digest)[:10], f"{name} base64")
        yield Needle(base64.b32encode(digest)[:12], f"{name} base32", folded=True)


def _spellings(value: str) -> set[str]:
    """Return the forms of a value that a program might hash: an Indian number with and without its prefixes."""
    found = {value, value.lower(), value.upper()}
    if _NUMBER.fullmatch(value):
        digits = value.removeprefix("+")
        national = digits.removeprefix("91") if len(digits) == _INDIAN else digits
        found |= {digits, f"+{digits}", national, f"0{national}"}
    return found


def _of_parts(value: str) -> Iterator[Needle]:
    for digits in re.findall(r"\d{5,}", value):
        for length in range(SHORTEST_DIGITS, UNBOUNDED_DIGITS + 1):
            bounded = length < UNBOUNDED_DIGITS
            for part in _windows(digits, length):
                yield Needle(part.encode(), f"{length} digits", folded=True, bounded=bounded)
                yield Needle(part[::-1].encode(), f"{length} digits reversed", folded=True, bounded=bounded)
    if not re.fullmatch(r"\+?\d+", value):
        for part in _windows(value, SHORTEST_TEXT):
            yield Needle(part.encode(), "part", folded=True)
            yield Needle(part[::-1].encode(), "part reversed", folded=True)
            yield Needle(part.encode("utf-16-le"), "part UTF-16LE", folded=True)
    windows = _windows(value.removeprefix("+"), 6 if _NUMBER.fullmatch(value) else SHORTEST_TEXT)
    for part in windows:
        raw = part.encode()
        yield Needle(raw.hex().encode(), "part hex", folded=True)
        for shift in range(3):
            yield Needle(_aligned(base64.b64encode(bytes(shift) + raw), shift * 8, len(raw) * 8, 6), "part base64")


def _windows(text: str, length: int) -> list[str]:
    return [text[i : i + length] for i in range(len(text) - length + 1)]


def _aligned(encoded: bytes, skipped: int, bits: int, per_character: int) -> bytes:
    """Return the characters of an encoded value that do not depend on the bytes before or after the value."""
    return encoded[-(-skipped // per_character) : (skipped + bits) // per_character]


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


Tables: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Name of a table → its rows, in the order in which the database lists them."""


def tables_of(urls: Sequence[str]) -> Tables:
    """Read every row of databases."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for url in urls:
        engine, metadata = make_engine(url), MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                found[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        engine.dispose()
    return found


def rows_of(*urls: str) -> dict[str, bytes]:
    """Read every value of every row of these databases."""
    read = tables_of(urls).items()
    return {f"table {table}": b"\n".join(_bytes(v for row in rows for v in row.values())) for table, rows in read}


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
