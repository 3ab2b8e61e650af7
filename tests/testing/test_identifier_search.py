"""The search finds an identifier in every encoding, shortened, in parts and in compressed content."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import os
import sys
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable

import pytest

from satark_testing.identifier_search import MOST_BYTES, Searcher

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PHONE = "919878987789"
NAME = "Qvarlo Zimpet"
WORDS = "मंदिर के पीछे हथियारों का ढेर"
SEARCHER = Searcher(
    {"phone": PHONE, "name": NAME, "words": WORDS, "picture": b"\x89\x01\xfe\x7f" * 6}, ("phone", "name")
)
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "upper case": bytes.upper,
    "lower case": bytes.lower,
    "reversed": lambda raw: raw[::-1],
    "hex": lambda raw: raw.hex().encode(),
    "HEX": lambda raw: raw.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64 +1": lambda raw: base64.b64encode(b"x" + raw + b"y"),
    "base64 +2": lambda raw: base64.b64encode(b"xx" + raw + b"yyy"),
    "base64url": lambda raw: base64.urlsafe_b64encode(b"\xff" + raw),
    "base32": lambda raw: base64.b32encode(b"abc" + raw),
    "UTF-16LE": lambda raw: raw.decode().encode("utf-16-le"),
    "UTF-16BE": lambda raw: raw.decode().encode("utf-16-be"),
    "percent-encoded": lambda raw: urllib.parse.quote(raw.decode(), safe="").encode(),
    "JSON": lambda raw: json.dumps(raw.decode()).encode(),
    "Python": lambda raw: repr(raw).encode(),
    "HTML": lambda raw: html.escape(raw.decode()).encode("ascii", "xmlcharrefreplace"),
    "SHA-256": lambda raw: hashlib.sha256(raw).digest(),
    "SHA-256, shortened": lambda raw: hashlib.sha256(raw).hexdigest()[:16].encode(),
    "MD5": lambda raw: base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest()),
    "BLAKE2": lambda raw: hashlib.blake2b(raw).digest(),
}


def kinds(content: bytes) -> set[str]:
    """Return the kinds of identifiers that are found in this content between random bytes."""
    return {find.kind for find in SEARCHER.search({"place": os.urandom(64) + b"\n" + content + b"\n" + os.urandom(64)})}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize(("kind", "value"), [("phone", PHONE), ("name", NAME), ("words", WORDS)])
def test_every_encoding_is_found(kind: str, value: str, encode: Callable[[bytes], bytes]) -> None:
    assert kind in kinds(encode(value.encode()))


@pytest.mark.parametrize("form", ["+919878987789", "9878987789", "09878987789"])
def test_a_hash_of_any_spelling_of_a_number_is_found(form: str) -> None:
    assert kinds(hashlib.sha1(form.encode(), usedforsecurity=False).hexdigest().encode()) == {"phone"}


@pytest.mark.parametrize("part", ["from=87789;", "tail 987789.", "(+91) 98789 8778", f"x{PHONE[2:10]}f"])
def test_a_part_of_five_digits_is_found(part: str) -> None:
    assert kinds(part.encode()) == {"phone"}


@pytest.mark.parametrize("other", ["size 187789", "a987789f", "2026-11-26T10:00:00.987789Z", "7789"])
def test_digits_inside_another_number_are_not_found(other: str) -> None:
    assert kinds(other.encode()) == set()


def test_a_part_of_eight_characters_is_found() -> None:
    assert kinds(b"agent=VARLO ZI") == {"name"}
    assert kinds(base64.b64encode(b"..arlo Zim..")) == {"name"}


def test_a_number_in_binary_encoding_is_found() -> None:
    number = int(PHONE)
    for raw in (number.to_bytes(8, "big"), number.to_bytes(8, "little"), bytes.fromhex(PHONE), f"{number:x}".encode()):
        assert kinds(raw) == {"phone"}


def zipped(raw: bytes) -> bytes:
    """Return a ZIP file with one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", raw * 3)
    return file.getvalue()


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
    "zip": zipped,
    "gzip in zlib": lambda raw: zlib.compress(gzip.compress(raw)),
}


@pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS.keys())
def test_compressed_content_is_searched(compress: Callable[[bytes], bytes]) -> None:
    assert kinds(compress(f"from {PHONE} with {WORDS}".encode())) == {"phone", "words"}


def test_a_damaged_stream_is_read_up_to_the_damage() -> None:
    assert kinds(gzip.compress(PHONE.encode() + os.urandom(5000))[:-2000]) == {"phone"}
    assert MOST_BYTES > 1 << 20


def test_a_file_name_is_searched_too_and_the_find_does_not_quote_it() -> None:
    (find,) = Searcher({"file name": "IMG-20261124-WA0042"}).search({"folder/IMG-20261124-WA0042.jpg": b""})
    assert find.kind == "file name"


def test_a_part_of_a_picture_is_found() -> None:
    assert kinds(b"\x89\x01\xfe\x7f" * 6) == {"picture"}
    assert kinds(base64.b64encode(b"\x89\x01\xfe\x7f" * 6)) == {"picture"}
