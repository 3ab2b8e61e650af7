"""Needles: the byte strings that reveal an identifier, in every encoding in which a program might write it.

`needles` encodes a whole value. With `parts` it also encodes the parts of a value: every run of five digits and more,
and every run of eight characters of a text, since a log line with the last digits of a number names its owner too.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import html
import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Final

import msgspec

HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")
"""Unkeyed hash functions. The beginnings of hashes are searched for, so that a shortened hash is found as well."""
SHORTEST_DIGITS: Final = 5
"""Minimum number of digits in a part of a number that is searched for."""
UNBOUNDED_DIGITS: Final = 8
"""Parts with at least so many digits count anywhere. A shorter part counts only without an adjacent digit or hex
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


def _of_bytes(raw: bytes, prefix: str = "") -> Iterator[Needle]:
    yield Needle(raw, f"{prefix}raw", folded=True)
    yield Needle(raw[::-1], f"{prefix}reversed", folded=True)
    yield Needle(raw.hex().encode(), f"{prefix}hex", folded=True)
    for shift in range(3):
        standard = _aligned(base64.b64encode(bytes(shift) + raw), shift * 8, len(raw) * 8, 6)
        yield Needle(standard, f"{prefix}base64 +{shift}")
        if (safe := standard.translate(bytes.maketrans(b"+/", b"-_"))) != standard:
            yield Needle(safe, f"{prefix}base64url +{shift}")
    for shift in range(5):
        text = _aligned(base64.b32encode(bytes(shift) + raw), shift * 8, len(raw) * 8, 5)
        yield Needle(text, f"{prefix}base32 +{shift}", folded=True)


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
