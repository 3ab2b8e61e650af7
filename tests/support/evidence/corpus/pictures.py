"""Pictures with markers in parts that few phones write: C2PA, extra pictures, app blocks, comments of old formats."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import PngImagePlugin, TiffImagePlugin

from support.evidence.images import encode, exif, make_image, photo
from support.evidence.markers import MARKER, MARKER_BYTES, XMP


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of ISO base media (ISO/IEC 14496-12 section 4.2)."""
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4) + kind + body


C2PA = box(
    b"jumb",
    box(b"jumd", b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\3", b"c2pa\0"),
    box(b"json", b'{"author":"' + MARKER_BYTES + b'"}'),
)
"""A manifest store of content credentials (C2PA 2.1, section 11.1), as generators and editors write it."""


def _segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes((marker,)) + (len(data) + 2).to_bytes(2) + data


def _jpeg() -> bytes:
    return encode(photo(), "JPEG")


def _with(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _png(*chunks: bytes) -> bytes:
    data = encode(photo(), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def _mpo(_: Path) -> bytes:
    second = encode(photo(), "JPEG", exif=exif(), comment=MARKER_BYTES)
    return _with(_jpeg(), _segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + MARKER_BYTES)) + second


def _motion(_: Path) -> bytes:
    film = box(b"ftyp", b"mp42", bytes(4)) + box(b"udta", MARKER_BYTES)
    return (
        _with(_jpeg(), _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode())) + film + b"SEFT" + MARKER_BYTES
    )


def _extended(_: Path) -> bytes:
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + len(XMP).to_bytes(4) + bytes(4) + XMP.encode()
    return _with(
        _jpeg(),
        _segment(0xE1, extended),
        _segment(0xE1, b"Exif\0\0" + exif().tobytes().removeprefix(b"Exif\0\0")),
        _segment(0xE4, MARKER_BYTES),
        _segment(0xFE, MARKER_BYTES),
    )


def _animated(_: Path) -> bytes:
    tags = PngImagePlugin.PngInfo()
    tags.add_text("Author", MARKER)
    return encode(photo("RGBA"), "PNG", save_all=True, append_images=[photo("RGBA")], duration=80, pnginfo=tags)


def _riff(*chunks: bytes) -> bytes:
    body = encode(photo(), "WEBP", lossless=True, exif=exif())[8:] + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _webp_c2pa(_: Path) -> bytes:
    return _riff(b"C2PA" + len(C2PA).to_bytes(4, "little") + C2PA + b"\0" * (len(C2PA) % 2))


def _tiff(_: Path) -> bytes:
    tags: Any = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in (269, 270, 271, 272, 285, 305, 315, 316, 33432, 50708, 42112):
        tags[tag] = MARKER
    for tag in (700, 33723, 34377, 37724):
        tags[tag], tags.tagtype[tag] = MARKER_BYTES, 7
    return encode(photo(), "TIFF", tiffinfo=tags)


def _big_tiff(_: Path) -> bytes:
    return encode(photo(), "TIFF", big_tiff=True, software=MARKER, description=MARKER)


def _avif_c2pa(folder: Path) -> bytes:
    return make_image("avif", folder) + box(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481"), C2PA)


def _heic_c2pa(folder: Path) -> bytes:
    return make_image("heic", folder) + box(b"jumb", C2PA) + box(b"mpvd", MARKER_BYTES)


def _gif(_: Path) -> bytes:
    data = encode(photo(), "GIF", comment=MARKER_BYTES)
    c2pa = b"\x21\xff\x0bC2PA_GIF\x01\0\0" + bytes((len(C2PA),)) + C2PA + b"\0"
    plain = b"\x21\x01\x0c" + bytes(12) + bytes((len(MARKER_BYTES),)) + MARKER_BYTES + b"\0"
    return data[:-1] + c2pa + plain + b"\x21\xfe" + bytes((len(MARKER_BYTES),)) + MARKER_BYTES + b"\0" + data[-1:]


def _jxl(_: Path) -> bytes:
    return (
        box(b"JXL ", b"\r\n\x87\n")
        + box(b"ftyp", b"jxl \0\0\0\0jxl ")
        + box(b"Exif", bytes(4), exif().tobytes())
        + box(b"xml ", XMP.encode())
        + box(b"jxlc", b"\xff\x0a" + bytes(20))
    )


def _jp2(_: Path) -> bytes:
    return encode(photo(), "JPEG2000", comment=MARKER_BYTES) + box(b"xml ", XMP.encode())


def _psd(_: Path) -> bytes:
    iptc = b"8BIM\x04\x04\0\0" + (14).to_bytes(4) + b"\x1c\x02\x50\0\x07" + MARKER_BYTES + b"\0\0"
    return (
        b"8BPS\0\1"
        + bytes(6)
        + b"\0\1"
        + (1).to_bytes(4) * 2
        + b"\0\x08\0\1"
        + bytes(4)
        + len(iptc).to_bytes(4)
        + iptc
        + bytes(4)
        + b"\0\0\0"
    )


def _plain(form: str) -> Callable[[Path], bytes]:
    return lambda _: encode(photo(), form) + MARKER_BYTES


def _bmp_profile(_: Path) -> bytes:
    data = bytearray(encode(photo(), "BMP"))
    return bytes(data) + MARKER_BYTES


def _tga(_: Path) -> bytes:
    return encode(photo(), "TGA", id_section=MARKER_BYTES)


def _cr2(_: Path) -> bytes:
    data = bytearray(_tiff(_))
    return bytes(data[:4]) + (16).to_bytes(4, "little") + b"CR\2\0" + bytes(4) + bytes(data[8:])


def _dng(_: Path) -> bytes:
    tags: Any = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706], tags.tagtype[50706] = b"\1\4\0\0", 1
    for tag in (50708, 50735, 50827, 50931, 50971):
        tags[tag] = MARKER
    return encode(photo(), "TIFF", tiffinfo=tags, exif=exif(1))


def _ultra(_: Path) -> bytes:
    gain = encode(photo("L"), "JPEG", xmp=XMP.encode())
    return _with(_jpeg(), _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode())) + gain


PICTURES: Mapping[str, Callable[[Path], bytes]] = {
    "jpg-mpo": _mpo,
    "jpg-motion": _motion,
    "jpg-extended": _extended,
    "jpg-ultra-hdr": _ultra,
    "jpg-c2pa": lambda _: _with(_jpeg(), _segment(0xEB, b"JP\0\1\0\0\0\1" + C2PA)),
    "png-c2pa": lambda _: _png(_chunk(b"caBX", C2PA)),
    "png-animated": _animated,
    "png-old": lambda _: _png(
        _chunk(b"tEXt", b"Raw profile type exif\0" + MARKER_BYTES),
        _chunk(b"zTXt", b"Author\0\0" + zlib.compress(MARKER_BYTES)),
        _chunk(b"sPLT", MARKER_BYTES + b"\0\x08"),
        _chunk(b"eXIf", exif().tobytes().removeprefix(b"Exif\0\0")),
        _chunk(b"iCCP", MARKER_BYTES + b"\0\0" + zlib.compress(bytes(9))),
    ),
    "webp-c2pa": _webp_c2pa,
    "tif-tags": _tiff,
    "tif-big": _big_tiff,
    "dng": _dng,
    "cr2": _cr2,
    "avif-c2pa": _avif_c2pa,
    "heic-c2pa": _heic_c2pa,
    "gif-blocks": _gif,
    "jxl": _jxl,
    "jp2": _jp2,
    "psd": _psd,
    "ico": _plain("ICO"),
    "tga": _tga,
    "pcx": _plain("PCX"),
    "pnm": lambda _: b"P6\n# " + MARKER_BYTES + b"\n1 1\n255\n\0\0\0",
    "qoi": lambda _: b"qoif" + (1).to_bytes(4) * 2 + b"\3\0" + MARKER_BYTES,
    "wmf": lambda _: b"\xd7\xcd\xc6\x9a" + bytes(18) + MARKER_BYTES,
    "emf": lambda _: b"\1\0\0\0" + bytes(36) + b" EMF" + MARKER.encode("utf-16-le"),
}
