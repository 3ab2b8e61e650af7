"""A signature shows a type, and a text that begins with its letters has none."""

import pytest

from satark_files.signatures import mime_by_signature
from satark_files.sniff import sniff


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"II*\0\x10\0\0\0CR\2\0", "image/x-canon-cr2"),
        (b"MM\0*\0\0\0\x08\0\x01", "image/tiff"),
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


@pytest.mark.parametrize("head", [b"BMW, black, no plates", b"GIF of the threat follows", b"MZ", b"PK at 9", b""])
def test_words_that_begin_like_a_signature_show_no_type(head: bytes) -> None:
    assert mime_by_signature(head) == ""
