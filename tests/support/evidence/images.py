"""Image specimens as phones write them, with markers in every kind of metadata."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from support.evidence.markers import LATITUDE, MARKER, MARKER_BYTES, XMP
from support.evidence.recordings import ffmpeg

ORIENTATION = 6
"""The Exif orientation of every specimen with an orientation."""

IMAGES: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpg-progressive", "jpg-cmyk", "jpg-gray"),
    "image/png": ("png", "png-palette", "png-gray16"),
    "image/webp": ("webp", "webp-lossless", "webp-animated"),
    "image/gif": ("gif",),
    "image/tiff": ("tif",),
    "image/avif": ("avif",),
    "image/heic": ("heic",),
    "image/bmp": ("bmp",),
}
"""MIME type → the names of its specimens."""


def make_image(name: str, folder: Path) -> bytes:
    """Make the image specimen with this name. HEIC needs a folder for temporary files."""
    kind, _, variant = name.partition("-")
    return _heic(folder) if kind == "heic" else _MAKERS[kind](variant)


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    """Encode an image with Pillow, in one of its formats."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def photo(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return an image with four different quarters, so that a rotated or damaged copy is detected."""
    picture = Image.effect_noise(size, 30).convert("RGB")
    ImageDraw.Draw(picture).rectangle((4, 4, size[0] // 2, size[1] // 2), fill=(200, 30, 30))
    if mode == "I;16":
        return picture.convert("L").convert("I;16")
    return picture.convert(mode)


def exif(orientation: int = ORIENTATION) -> Image.Exif:
    """Return an Exif block with owner, serial numbers, maker note, comment and place."""
    block = Image.Exif()
    block[0x0112] = orientation
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        block[tag] = f"{MARKER}-{tag:x}"
    details = block.get_ifd(0x8769)
    details.update({tag: f"{MARKER}-{tag:x}" for tag in (0x9003, 0xA420, 0xA430, 0xA431, 0xA435)})
    details.update({0x927C: b"MAKER" + MARKER_BYTES, 0x9286: b"ASCII\0\0\0" + MARKER_BYTES})
    minutes = LATITUDE % 1 * 60
    block.get_ifd(0x8825).update({1: "N", 2: (LATITUDE // 1, minutes, 0.0), 3: "E", 4: (82.0, 58.0, 26.0), 29: MARKER})
    return block


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + MARKER_BYTES + b"-icc"


def _jpeg(variant: str) -> bytes:
    mode = {"cmyk": "CMYK", "gray": "L"}.get(variant, "RGB")
    out = io.BytesIO()
    options: dict[str, Any] = {"progressive": variant == "progressive", "icc_profile": _profile()}
    photo(mode).save(out, "JPEG", exif=exif(), comment=MARKER_BYTES + b"-com", xmp=XMP.encode(), **options)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x50\0\x07" + MARKER_BYTES + b"\0\0"
    extra = b"".join(
        b"\xff" + bytes((marker,)) + (len(data) + 2).to_bytes(2) + data
        for marker, data in (
            (0xED, iptc),
            (0xE2, b"FPXR\0" + MARKER_BYTES),
            (0xEB, b"JP" + MARKER_BYTES),
            (0xEF, MARKER_BYTES),
        )
    )
    data = out.getvalue()
    return data[:2] + extra + data[2:] + b"\0\0\0\x18ftypmp42" + MARKER_BYTES + b"-trailer"


def _png(variant: str) -> bytes:
    mode = {"palette": "P", "gray16": "I;16"}.get(variant, "RGBA")
    tags = PngImagePlugin.PngInfo()
    tags.add_text("Author", MARKER)
    tags.add_text("Comment", MARKER * 9, zip=True)
    tags.add_itxt("XML:com.adobe.xmp", XMP)
    tags.add(b"tIME", bytes(7))
    tags.add(b"prVt", MARKER_BYTES)
    out = io.BytesIO()
    photo(mode).save(out, "PNG", pnginfo=tags, exif=exif(), icc_profile=_profile(), dpi=(72, 72))
    data = out.getvalue()
    hidden = b"IDAT" + MARKER_BYTES + b"-after-the-stream"
    tail = (len(hidden) - 4).to_bytes(4) + hidden + zlib.crc32(hidden).to_bytes(4)
    return data[:-12] + tail + data[-12:] + MARKER_BYTES + b"-trailer"


def _webp(variant: str) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"exif": exif(), "xmp": XMP.encode(), "icc_profile": _profile()}
    if variant == "animated":
        options |= {"save_all": True, "append_images": [photo("RGBA"), photo("RGBA")], "duration": 80}
    photo("RGBA").save(out, "WEBP", lossless=variant == "lossless", **options)
    body = out.getvalue()[8:] + b"zqTR" + (8).to_bytes(4, "little") + MARKER_BYTES + b"\0"
    return b"RIFF" + len(body).to_bytes(4, "little") + body + MARKER_BYTES + b"-trailer"


def _gif(_: str) -> bytes:
    out = io.BytesIO()
    frames = [photo(), photo().rotate(180)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=MARKER_BYTES, duration=(120, 240))
    data = out.getvalue()
    extension = b"\x21\xff\x0bXMP DataXMP" + bytes((len(MARKER_BYTES),)) + MARKER_BYTES + b"\0"
    return data[:-1] + extension + data[-1:] + MARKER_BYTES


def _tiff(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "TIFF", exif=exif(1), icc_profile=_profile(), save_all=True, append_images=[photo(), photo()])
    return out.getvalue() + MARKER_BYTES


def _avif(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "AVIF", exif=exif(), xmp=XMP.encode(), icc_profile=_profile(), speed=10)
    return out.getvalue()


def _bmp(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "BMP")
    return out.getvalue() + MARKER_BYTES


def _heic(folder: Path) -> bytes:
    """Return a HEIF file (ISO/IEC 23008-12) with one HEVC image and an Exif item: no library here writes one."""
    video = folder / "heic.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=128x96:d=0.04:r=25", "-pix_fmt", "yuv420p", "-c:v", "libx265",
            "-x265-params", "log-level=none", "-tag:v", "hvc1", str(video))  # fmt: skip
    data = video.read_bytes()
    at = data.index(b"hvcC") - 4
    config = data[at : at + int.from_bytes(data[at : at + 4])]
    start = data.index(b"mdat") + 4
    coded = data[start : start - 8 + int.from_bytes(data[start - 8 : start - 4])]
    facts = b"\0\0\0\x06Exif\0\0" + exif().tobytes().removeprefix(b"Exif\0\0") + MARKER_BYTES
    head = _heif_head(config, len(coded), len(facts), 0)
    return _heif_head(config, len(coded), len(facts), len(head)) + coded + facts


def _heif_head(config: bytes, coded: int, facts: int, offset: int) -> bytes:
    def box(kind: bytes, *parts: bytes, full: bytes = b"") -> bytes:
        body = full + b"".join(parts)
        return (len(body) + 8).to_bytes(4) + kind + body

    zero = bytes(4)
    items = b"".join(
        box(b"infe", number.to_bytes(2), b"\0\0", kind, b"\0", full=b"\2\0\0\0")
        for number, kind in ((1, b"hvc1"), (2, b"Exif"))
    )
    places = b"".join(
        number.to_bytes(2) + b"\0\0\0\1" + at.to_bytes(4) + size.to_bytes(4)
        for number, at, size in ((1, offset, coded), (2, offset + coded, facts))
    )
    extent = box(b"ispe", (128).to_bytes(4), (96).to_bytes(4), full=zero)
    properties = box(b"iprp", box(b"ipco", config, extent), box(b"ipma", b"\0\0\0\1\0\1\2\x81\2", full=zero))
    meta = box(
        b"meta",
        box(b"hdlr", zero, b"pict", bytes(12), b"\0", full=zero),
        box(b"pitm", b"\0\1", full=zero),
        box(b"iloc", b"\x44\0\0\2", places, full=zero),
        box(b"iinf", b"\0\2", items, full=zero),
        box(b"iref", box(b"cdsc", b"\0\2\0\1\0\1"), full=zero),
        properties,
        full=zero,
    )
    return box(b"ftyp", b"heic", zero, b"mif1heic") + meta + (coded + facts + 8).to_bytes(4) + b"mdat"


_MAKERS = {"bmp": _bmp, "jpg": _jpeg, "png": _png, "webp": _webp, "gif": _gif, "tif": _tiff, "avif": _avif}
