"""Names the type of a file by its content; the type that its sender or provider declared is not considered.

Formats that take more than a signature (ISO base media, office files, text) have functions of their own.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

from satark_files.documents.prose_check import begins_as_mail

HEAD = 8192
"""Bytes of the beginning of a file that `sniff` needs."""
TAIL = 262_144
"""Bytes of the end of a ZIP file that are searched for its central directory."""

_AFTER_ID3 = {mime: mime for mime in ("audio/aac", "audio/flac")}
UNKNOWN = "application/octet-stream"

# Major brands: ISO/IEC 14496-12 annex E and the registry at mp4ra.org, "Brands".
_BRANDS = {
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4",
    b"avif": "image/avif", b"avis": "image/avif",
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
}  # fmt: skip
_MP4 = (
    b"isom", b"iso", b"mp4", b"avc1", b"MSNV", b"M4V", b"dash", b"f4v", b"XAVC", b"mmp4", b"NDS", b"kddi", b"KDDI",
    b"pana", b"nvr1", b"cmf", b"piff", b"hvc1", b"hev1", b"av01", b"msdh", b"msix", b"caqv", b"CAEP", b"ismv",
)  # fmt: skip
_ZIP = b"PK\3\4"
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_COMPOUND_FILE = "application/x-ole-storage"
_COMPOUND_STREAMS = (
    ("application/vnd.ms-powerpoint", "PowerPoint Document"),
    ("application/vnd.ms-excel", "Workbook"),
    ("application/msword", "WordDocument"),
)
"""The types of old office files, which are named to officers but never opened, and the stream (MS-CFB) of each."""
_OPEN_DOCUMENT = re.compile(
    rb"PK\x03\x04.{22}\x08\0.{2}mimetype(application/vnd\.oasis\.opendocument\.[a-z]{1,20})(?=PK|\0|$)", re.DOTALL
)
_FORMATS, _MACROS = "application/vnd.openxmlformats-officedocument.", "application/vnd.ms-"
_OFFICE = (
    (b"word/", f"{_FORMATS}wordprocessingml.document", f"{_MACROS}word.document.macroEnabled.12"),
    (b"xl/", f"{_FORMATS}spreadsheetml.sheet", f"{_MACROS}excel.sheet.macroEnabled.12"),
    (b"ppt/", f"{_FORMATS}presentationml.presentation", f"{_MACROS}powerpoint.presentation.macroEnabled.12"),
)
# Structured text can carry metadata about its writer (mail headers, saved pages, GPS tracks): it is no plain text.
_LATE_PDF = re.compile(rb"%PDF-[12]\.\d")
"""The head of a PDF, which readers look for in the first 1024 bytes (PDF 1.7, appendix H, note 13)."""
_MOSTLY = 0.8
"""Smallest share of plain letters, digits and spaces in a text in Windows' Latin."""
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_PROLOG = r"(?>(?:<!--(?>[\s\S]*?-->)|<\?[^>]*>|<!DOCTYPE (?!html\b)[^>\[]*(?:\[[^\]]*\]\s*)?>)\s*)*+"
"""Matches content before the first element: comments, such as that of a saved page, instructions, a document type."""
_STRUCTURED = (
    (re.compile(r"BEGIN:VCALENDAR", re.IGNORECASE), "text/calendar"),
    (re.compile(_PROLOG + r"<(!DOCTYPE html|html|head|body|title|p|div|table|h1)\b", re.IGNORECASE), "text/html"),
    (re.compile(_PROLOG + r"<(\w+:)?svg\b", re.IGNORECASE), "image/svg+xml"),
    (re.compile(_PROLOG + r"<kml\b", re.IGNORECASE), "application/vnd.google-earth.kml+xml"),
    (re.compile(_PROLOG + r"<gpx\b", re.IGNORECASE), "application/gpx+xml"),
    (re.compile(r"<[?!A-Za-z]"), "application/xml"),
    (re.compile(r"[\[{]\s*[\"{\[]"), "application/json"),
)
_BOX_HEADER = 8
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def sniff_file(path: Path) -> str:
    """Return the MIME type of a file; `UNKNOWN` if its content shows none.

    It skips an ID3 tag of any size (AAC, FLAC, MP3), and reads the central directory of ZIP files and the directory of
    old office files. It unpacks and parses nothing, since it runs outside the sandbox.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(_ZIP):
            file.seek(max(0, path.stat().st_size - TAIL))
            return sniff_zip(head, file.read(TAIL))
        if head.startswith(_COMPOUND):
            file.seek(_compound_directory(head))
            return _compound(file.read(HEAD))
        if not head.startswith(b"ID3"):
            return sniff(head)
        file.seek(_id3_size(head))
        return _AFTER_ID3.get(sniff(file.read(HEAD)), "audio/mpeg")


def _id3_size(head: bytes) -> int:
    # ID3v2.4 section 3.1: a header of ten bytes, its last four the size, seven bits each.
    size = 0
    for digit in head[6:10]:
        size = size << 7 | digit & 0x7F
    return 10 + size


def _compound_directory(head: bytes) -> int:
    # MS-CFB section 2.2: the size of a sector as a power of two, and the first sector of the directory.
    shift = int.from_bytes(head[30:31])
    return (int.from_bytes(head[48:52], "little") + 1) << min(shift, 12)


def _compound(directory: bytes) -> str:
    names = directory.upper()  # in names of streams case does not count
    return next((mime for mime, name in _COMPOUND_STREAMS if name.upper().encode("utf-16-le") in names), _COMPOUND_FILE)


def sniff_zip(head: bytes, tail: bytes) -> str:
    """Return the MIME type of a ZIP file, given its first `HEAD` and last `TAIL` bytes."""
    if found := _OPEN_DOCUMENT.match(head):
        return found[1].decode()
    names = list(_zip_names(tail))
    macros = any(name.endswith(b"/vbaProject.bin") for name in names)
    for main, plain, enabled in _OFFICE if b"[Content_Types].xml" in names else ():
        if any(name.startswith(main) for name in names):
            return enabled if macros else plain
    return "application/zip"


def _zip_names(tail: bytes) -> Iterator[bytes]:
    """Yield the names in the central directory of a ZIP file, which is whole in its end; for a larger one, none."""
    # APPNOTE.TXT section 4.3.12 and 4.3.16: members may be ZIP files themselves, so that names elsewhere don't count.
    end = tail.rfind(b"PK\5\6")
    at = end - int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else -1
    while 0 <= at < end and tail[at : at + 4] == b"PK\1\2":
        name, extra, comment = (int.from_bytes(tail[at + n : at + n + 2], "little") for n in (28, 30, 32))
        yield tail[at + 46 : at + 46 + name]
        at += 46 + name + extra + comment


def sniff(head: bytes) -> str:
    """Return the MIME type that the first `HEAD` bytes of a file show, or `UNKNOWN`."""
    return (
        _mime_in(_STREAMS, head)
        or _iso_media(head)
        or mime_by_signature(head)
        or ("application/pdf" if _LATE_PDF.search(head[:1024]) else "")
        or _text(head)
    )


def _iso_media(head: bytes) -> str:
    if head[4:8] in _OLD_QUICKTIME and int.from_bytes(head[:4]) >= _BOX_HEADER:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return ""
    brand = head[8:12]
    if brand in (b"mif1", b"msf1") and b"avif" in head[16 : int.from_bytes(head[:4])]:
        return "image/avif"
    if brand.startswith(b"3g2"):
        return "video/3gpp2"
    if brand.startswith((b"3gp", b"3ge", b"3gg")):
        return "video/3gpp"
    return _BRANDS.get(brand) or ("video/mp4" if brand.startswith(_MP4) else UNKNOWN)


def _text(head: bytes) -> str:
    if head.lstrip(b"\xef\xbb\xbf \r\n")[:11].upper() == b"BEGIN:VCARD":
        return "text/vcard"
    text = _decoded(head)
    if not text or not all(char >= " " or char in "\t\r\n\f" for char in text):
        return UNKNOWN
    begun = text.lstrip("\ufeff \t\r\n")
    plain = "message/rfc822" if begins_as_mail(begun) else "text/plain"
    return next((mime for pattern, mime in _STRUCTURED if pattern.match(begun)), plain)


def _decoded(head: bytes) -> str:
    """Return the beginning of a text in UTF-8, UTF-16 with its mark, or Windows' Latin; empty if it is no text."""
    if head.startswith(_BYTE_ORDER_MARKS):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4 and error.start:
            return head[: error.start].decode()
    common = sum(chr(byte).isalnum() or byte in b" \t\r\n.,:;-/" for byte in head if byte < 0x80)  # noqa: PLR2004 - ASCII
    try:
        return head.decode("cp1252") if common > len(head) * _MOSTLY else ""
    except UnicodeDecodeError:
        return ""


_Signatures: TypeAlias = tuple[tuple[re.Pattern[bytes], str], ...]
"""Pattern of a file's first bytes → its MIME type. The first match counts."""


def _signatures(*patterns: tuple[bytes, str]) -> _Signatures:
    return tuple((re.compile(pattern, re.DOTALL), mime) for pattern, mime in patterns)


_ASF: Final = rb"\x30\x26\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel"
"""The header object of Windows Media (ASF specification, section 10.1)."""
_STREAMS: Final = _signatures(
    (rb"(G.{187}){2}G|.{4}(G.{191}){2}G", "video/mp2t"),  # ISO/IEC 13818-1 section 2.4.3, with or without times
    (rb"\0\0\x01\xba", "video/mpeg"),  # ISO/IEC 13818-1 section 2.5.3: a pack of a program stream
    (rb"IMKH", "video/x-imkh"),  # Hikvision's program stream
    (rb"DHAV", "video/x-dav"),  # Dahua's DAV
    (rb"\0?\0\0\x01[\x40\x42\x46]\x01", "video/h265"),  # H.265 table 7-1: the first unit, without a container
    (rb"\0?\0\0\x01[\x09\x27\x47\x67]", "video/h264"),  # H.264 table 7-1: likewise
    (rb"FLV\x01", "video/x-flv"),  # Adobe Flash Video File Format 10.1, annex E.2
    (rb"FORM.{4}AIF[FC]", "audio/aiff"),  # AIFF 1.3, and AIFF-C
    (_ASF + rb".*\xc0\xef\x19\xbcM\x5b\xcf\x11\xa8\xfd\0\x80\x5f\x5cD\x2b", "video/x-ms-wmv"),  # a video stream's type
    (_ASF, "audio/x-ms-wma"),
)
_SIGNATURES: Final = _signatures(
    (rb"\x1aE\xdf\xa3.{0,56}webm", "video/webm"),  # RFC 8794 section 11.2: the type of an EBML document
    (rb"\x1aE\xdf\xa3.{0,52}matroska", "video/x-matroska"),
    (rb"\x1aE\xdf\xa3", UNKNOWN),
    (rb"OggS.{0,501}\x80theora", "video/ogg"),  # RFC 3533 section 6, and Theora section 6.2
    (rb"OggS", "audio/ogg"),
    (rb"#!AMR-WB\n", "audio/amr-wb"),  # RFC 4867 section 5.1
    (rb"#!AMR\n", "audio/amr"),
    (rb"(RIFF|RF64|BW64).{4}WAVE", "audio/wav"),  # EBU Tech 3306
    (rb"caff\0\x01", "audio/x-caf"),
    (rb"\.snd", "audio/basic"),
    (rb"\x0bw", "audio/ac3"),
    (rb"TTA1", "audio/x-tta"),
    (rb"wvpk", "audio/x-wavpack"),
    (rb"\x7f\xfe\x80\x01", "audio/vnd.dts"),
    (rb"\x02?#!SILK_V3", "audio/x-silk"),
    (rb"\x02dss|\x03ds2", "audio/x-dss"),
    (rb"RIFF.{4}AVI ", "video/x-msvideo"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),  # ISO/IEC 13818-7 section 6.2: sync bits, and a layer that is always 0
    (rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "audio/mpeg"),  # ISO/IEC 11172-3 section 2.4.1.3: layer 3
    (rb"\xff[\xf4\xf5\xfc\xfd][\x10-\xef]", "audio/mp2"),  # layer 2
    (rb"\xff\xd8\xff", "image/jpeg"),  # ISO/IEC 10918-1 table B.1: start of image, then another marker
    (rb"\x89PNG", "image/png"),  # PNG section 5.2
    (rb"GIF8[79]a", "image/gif"),  # GIF89a section 17
    (rb"RIFF.{4}WEBPVP", "image/webp"),  # RFC 9649 section 2.4, and the chunks VP8, VP8L and VP8X
    (rb"(II\*\0|MM\0\*).{4}CR", "image/x-canon-cr2"),  # TIFF with Canon's mark, in front of the first directory
    (rb"II[*+]\0|MM\0[*+]", "image/tiff"),  # TIFF 6.0 section 2, and BigTIFF
    # Windows GDI, BITMAPFILEHEADER, then the size of one of the headers that may follow
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "image/bmp"),
    (rb"\0\0\0\x0cjP  \r\n\x87\n.{4}ftypjp2 ", "image/jp2"),  # ISO/IEC 15444-1 annex I.5
    (rb"MAC .[\x0e\x0f]", "audio/x-ape"),  # Monkey's Audio, APE_HEADER: then the version, 3.80 to 3.99
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


def mime_by_signature(head: bytes) -> str:
    """Return the MIME type that the first bytes of a file show; empty if they match no signature."""
    return _mime_in(_SIGNATURES, head)


def _mime_in(signatures: _Signatures, head: bytes) -> str:
    return next((mime for pattern, mime in signatures if pattern.match(head)), "")
