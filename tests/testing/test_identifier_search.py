"""The search finds an identifier in every encoding, shortened, in parts and in compressed content."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import os
import sys
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


def kinds(content: bytes) -> set[str]:
    """Return the kinds of identifiers that are found in this content between random bytes."""
    return {find.kind for find in SEARCHER.search({"place": os.urandom(64) + b"\n" + content + b"\n" + os.urandom(64)})}


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
