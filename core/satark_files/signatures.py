"""Signatures of files: bytes at the beginning that show the type. Each names the section of the format that defines it.

The list has the types that are cleaned and for which `sniff` needs only a signature. It also has a few other types that
citizens send, so that an officer reads what such a file is.
"""

from __future__ import annotations

import re
from typing import Final

_SIGNATURES: Final = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"\xff\xd8\xff", "image/jpeg"),  # ISO/IEC 10918-1 table B.1: start of image, then another marker
        (rb"\x89PNG", "image/png"),  # PNG section 5.2
        (rb"GIF8[79]a", "image/gif"),  # GIF89a section 17
        (rb"RIFF.{4}WEBPVP", "image/webp"),  # RFC 9649 section 2.4, and the chunks VP8, VP8L and VP8X
        (rb"(II\*\0|MM\0\*).{4}CR", "image/x-canon-cr2"),  # TIFF with Canon's mark, in front of the first directory
        (rb"II\*\0|MM\0\*", "image/tiff"),  # TIFF 6.0 section 2
        # Windows GDI, BITMAPFILEHEADER, then the size of one of the headers that may follow
        (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "image/bmp"),
        (rb"\0\0\0\x0cjP  \r\n\x87\n.{4}ftypjp2 ", "image/jp2"),  # ISO/IEC 15444-1 annex I.5
        (rb"fLaC", "audio/flac"),  # RFC 9639 section 8
        (rb"\0\0\x01[\xb0-\xbf]", "video/mpeg"),  # ISO/IEC 13818-2 table 6-1: start codes of a sequence
        (rb"(\xef\xbb\xbf)?%PDF", "application/pdf"),  # ISO 32000-1 section 7.5.2
        (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "application/zip"),  # APPNOTE.TXT sections 4.3.7, 4.3.16 and 8.5.4
        (rb"\{\\rtf", "application/rtf"),  # RTF 1.9.1, "RTF Version"
        (rb"%!PS", "application/postscript"),  # PostScript Language Document Structuring Conventions 3.0 section 4.1
        (rb"Rar!\x1a\x07[\0\x01]", "application/x-rar-compressed"),  # RAR 5.0 archive format, "RAR 5.0 signature"
        (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),  # 7zFormat.txt of the LZMA SDK, "SignatureHeader"
        (rb"\x1f\x8b\x08", "application/gzip"),  # RFC 1952 section 2.3.1
        (rb".{257}ustar", "application/x-tar"),  # POSIX.1-2017, pax, "ustar Interchange Format"
        (rb"!<arch>\n", "application/x-unix-archive"),  # System V ABI, chapter 7, "Archive File"
        (rb"MZ.[\0\x01]", "application/x-msdownload"),  # PE format, MS-DOS header: the last page holds up to 511 bytes
        (rb"\x7fELF", "application/x-executable"),  # System V ABI, chapter 4, "ELF Identification"
    )
)


def mime_by_signature(head: bytes) -> str:
    """Return the MIME type that the first bytes of a file show; empty if they match no signature."""
    return next((mime for pattern, mime in _SIGNATURES if pattern.match(head)), "")
