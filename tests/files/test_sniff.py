"""A file's type is recognised by its content, whatever type was declared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.sniff import UNKNOWN, mime_by_signature, sniff, sniff_file
from support.evidence.images import IMAGES
from support.evidence.recordings import RECORDINGS


@pytest.mark.parametrize(("mime", "names"), [*IMAGES.items(), *RECORDINGS.items()])
def test_the_type_of_every_specimen_is_recognised(
    mime: str, names: tuple[str, ...], make: Callable[[str], Path]
) -> None:
    assert [sniff_file(make(name)) for name in names] == [mime] * len(names)


def box(kind: bytes, rest: bytes = b"") -> bytes:
    return (8 + len(rest)).to_bytes(4) + kind + rest


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (box(b"ftyp", b"mif1\0\0\0\0avifmif1"), "image/avif"),
        (box(b"ftyp", b"mif1\0\0\0\0heicmif1"), "image/heic"),
        (box(b"ftyp", b"M4A \0\0\0\0isom"), "audio/mp4"),
        (box(b"ftyp", b"3gp5\0\0\0\0isom"), "video/3gpp"),
        (box(b"ftyp", b"MSNV\0\0\0\0isom"), "video/mp4"),
        (box(b"ftyp", b"crx \0\0\0\0isom"), UNKNOWN),
        (box(b"wide") + box(b"mdat"), "video/quicktime"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88mkvmkv", UNKNOWN),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"#!AMR-WB\n", "audio/amr-wb"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"PK\3\4" + bytes(40), "application/zip"),
        (b"\x7fELF\2\1\1" + bytes(60), "application/x-executable"),
        (b"BMW, black, no plates", "text/plain"),
        (b"GIF of the threat follows", "text/plain"),
        (b"<html><body>\xff\xd8\xff\xe0JFIF", UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        ("चोरी की सूचना\n".encode(), "text/plain"),
        ("चोरी".encode()[:-1], "text/plain"),
        (b"\xef\xbb\xbfBEGIN:VCARD\nVERSION:3.0", "text/vcard"),
        (b"plain\0not", UNKNOWN),
        (b"\xfe\xfd\xfc", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_a_type_is_recognised_by_the_first_bytes(head: bytes, mime: str) -> None:
    assert sniff(head) == mime


def compound_file(stream: str) -> bytes:
    """Make the header of a compound file (MS-CFB) with sectors of 512 bytes, and a directory in its first sector."""
    header = bytes.fromhex("d0cf11e0a1b11ae1").ljust(30, b"\0") + (9).to_bytes(2, "little")
    return header.ljust(512, b"\0") + "Root Entry".encode("utf-16-le").ljust(128, b"\0") + stream.encode("utf-16-le")


OLD_OFFICE = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "Book": "application/x-ole-storage",
    "EncryptedPackage": "application/x-ole-storage",
}


@pytest.mark.slow("asks ffmpeg for its version")
@pytest.mark.parametrize("stream", OLD_OFFICE)
def test_an_old_office_file_is_named_but_not_cleaned(stream: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(compound_file(stream))
    mime = sniff_file(tmp_path / "file")
    assert mime == OLD_OFFICE[stream]
    assert [one for one in builtin_scrubbers() if mime in one.mimes] == []


@pytest.mark.parametrize("size", [8, 30, 31, 52, 600])
def test_an_old_office_file_cut_short_has_a_type(size: int, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(compound_file("WordDocument")[:size])
    assert sniff_file(tmp_path / "cut") == "application/x-ole-storage"


def test_a_long_id3_tag_is_skipped(tmp_path: Path) -> None:
    tag = b"ID3\4\0\0" + bytes((0, 1, 0, 0))
    for sound, mime in ((b"\xff\xf1\x50\x80", "audio/aac"), (b"fLaC\0\0\0\x22", "audio/flac"), (b"", "audio/mpeg")):
        (tmp_path / "sound").write_bytes(tag + bytes(1 << 14) + sound)
        assert sniff_file(tmp_path / "sound") == mime


@given(st.binary(max_size=64))
def test_any_bytes_have_a_type(head: bytes) -> None:
    kind, _, name = sniff(head).partition("/")
    assert kind
    assert name


@pytest.mark.parametrize("brand", [b"kddi", b"pana", b"nvr1", b"cmfc", b"piff", b"hvc1", b"av01"])
def test_files_with_a_recorders_brand_are_films(brand: bytes) -> None:
    assert sniff(b"\0\0\0\x18ftyp" + brand + bytes(400)) == "video/mp4"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        ("नमस्ते hello".encode("utf-16"), "text/plain"),
        ("café, “quoted”: a second line of text".encode("cp1252"), "text/plain"),
        (b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n", "application/pdf"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
        (b"TTA1\1\0\1\0", "audio/x-tta"),
        (b"wvpk\x10\0\0\0", "audio/x-wavpack"),
        (b"\x7f\xfe\x80\1\xfc\x3c", "audio/vnd.dts"),
        (b"\2#!SILK_V3\x0c\0", "audio/x-silk"),
        (b"MAC \x96\x0f\0\0", "audio/x-ape"),
        (b"MAC address of his phone", "text/plain"),
        (b"\2dss\0", "audio/x-dss"),
        (b'<?xml version="1.0"?>\n<gpx creator="x">', "application/gpx+xml"),
        (b"<!-- x --><!DOCTYPE svg [<!ENTITY a 'b'>]><svg>", "image/svg+xml"),
        (bytes(range(1, 200)), UNKNOWN),
        (b"\xe9" * 90, UNKNOWN),
    ],
)
def test_texts_in_other_encodings_and_late_beginnings_have_a_type(head: bytes, mime: str) -> None:
    assert sniff(head) == mime


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"II*\0\x10\0\0\0CR\2\0", "image/x-canon-cr2"),
        (b"MM\0*\0\0\0\x08\0\x01", "image/tiff"),
        (b"II+\0\x08\0\0\0\x10\0", "image/tiff"),
        (b"\0\0\x01\xb3\x14\0\xf0", "video/mpeg"),
        (b"PK\5\6" + bytes(18), "application/zip"),
        (b"\xef\xbb\xbf%PDF-2.0", "application/pdf"),
        (b"{\\rtf1 \xff\0", "application/rtf"),
        (b"!<arch>\ndebian-binary   1700000000", "application/x-unix-archive"),
        (b"Rar!\x1a\7\1\0", "application/x-rar-compressed"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"name" + bytes(253) + b"ustar", "application/x-tar"),
        (b"MZ\x90\0\3\0\0\0", "application/x-msdownload"),
    ],
)
def test_a_type_is_shown_by_its_signature(head: bytes, mime: str) -> None:
    assert mime_by_signature(head) == sniff(head) == mime


@pytest.mark.parametrize(
    "head", [b"BMW, black, no plates", b"GIF of the threat follows", b"MZ", b"PK at 9", b"MAC", b""]
)
def test_words_that_begin_like_a_signature_show_no_type(head: bytes) -> None:
    assert mime_by_signature(head) == ""
