"""Files as phones make them, with planted traces of whoever made them: what a cleaner must not let through.

Every planted value holds `MARKER`, so that one byte search finds any of them; places are `LATITUDE` north.
"""

from __future__ import annotations

import io
import subprocess
import zlib
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from satark.testing.evidence.documents import DOCUMENTS, document

MARKER = b"zqMARKS"
LATITUDE = 25.3176
_WORD = MARKER.decode()
_XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="r"><r:Description o="{_WORD}-xmp"/></r:RDF></x:xmpmeta>'
ORIENTATION = 6

PICTURES = {
    "image/jpeg": ("jpg", "jpg-progressive", "jpg-cmyk", "jpg-gray"),
    "image/png": ("png", "png-palette", "png-gray16"),
    "image/webp": ("webp", "webp-lossless", "webp-animated"),
    "image/gif": ("gif",),
    "image/tiff": ("tif",),
    "image/avif": ("avif",),
    "image/heic": ("heic",),
    "image/bmp": ("bmp",),
}
RECORDINGS = {
    "video/mp4": ("mp4", "mp4-hevc", "mp4-turned"),
    "video/quicktime": ("mov",),
    "video/3gpp": ("3gp",),
    "video/webm": ("webm",),
    "video/x-matroska": ("mkv",),
    "video/x-msvideo": ("avi",),
    "audio/ogg": ("opus", "ogg"),
    "audio/mp4": ("m4a",),
    "audio/mpeg": ("mp3",),
    "audio/aac": ("aac",),
    "audio/amr": ("amr",),
    "audio/wav": ("wav",),
    "audio/flac": ("flac",),
    "video/3gpp2": ("3g2",),
    "video/mp2t": ("ts",),
    "video/mpeg": ("mpg",),
    "video/x-flv": ("flv",),
    "video/x-ms-wmv": ("wmv",),
    "audio/x-ms-wma": ("wma",),
    "audio/aiff": ("aiff",),
    "audio/amr-wb": ("awb",),
    "video/ogg": ("ogv",),
}


def specimen(name: str, folder: Path) -> Path:
    """Make the specimen of this name in a folder, unless it is there already.

    The names are in `PICTURES`, `RECORDINGS` and `DOCUMENTS`.
    """
    path = folder / f"specimen.{name}"
    if not path.exists():
        kind, _, variant = name.partition("-")
        if kind in _DRAWN:
            path.write_bytes(_DRAWN[kind](variant))
        elif any(name in names for names in DOCUMENTS.values()):
            path.write_bytes(document(name, _jpeg("")))
        elif kind == "awb":
            path.write_bytes(_amr_wideband())
        elif kind == "heic":
            path.write_bytes(_heic(folder))
        else:
            _record(path, kind, name)
    return path


def photo(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture whose every quarter differs, so that a turned or torn one is seen."""
    picture = Image.effect_noise(size, 30).convert("RGB")
    ImageDraw.Draw(picture).rectangle((4, 4, size[0] // 2, size[1] // 2), fill=(200, 30, 30))
    if mode == "I;16":
        return picture.convert("L").convert("I;16")
    return picture.convert(mode)


def exif(orientation: int = ORIENTATION) -> Image.Exif:
    """An Exif block with owner, serial numbers, maker note, comment and place."""
    block = Image.Exif()
    block[0x0112] = orientation
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        block[tag] = f"{_WORD}-{tag:x}"
    details = block.get_ifd(0x8769)
    details.update({tag: f"{_WORD}-{tag:x}" for tag in (0x9003, 0xA420, 0xA430, 0xA431, 0xA435)})
    details.update({0x927C: b"MAKER" + MARKER, 0x9286: b"ASCII\0\0\0" + MARKER})
    minutes = LATITUDE % 1 * 60
    block.get_ifd(0x8825).update({1: "N", 2: (LATITUDE // 1, minutes, 0.0), 3: "E", 4: (82.0, 58.0, 26.0), 29: _WORD})
    return block


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + MARKER + b"-icc"


def _jpeg(variant: str) -> bytes:
    mode = {"cmyk": "CMYK", "gray": "L"}.get(variant, "RGB")
    out = io.BytesIO()
    options: dict[str, Any] = {"progressive": variant == "progressive", "icc_profile": _profile()}
    photo(mode).save(out, "JPEG", exif=exif(), comment=MARKER + b"-com", xmp=_XMP.encode(), **options)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x50\0\x07" + MARKER + b"\0\0"
    extra = b"".join(
        b"\xff" + bytes((marker,)) + (len(data) + 2).to_bytes(2) + data
        for marker, data in ((0xED, iptc), (0xE2, b"FPXR\0" + MARKER), (0xEB, b"JP" + MARKER), (0xEF, MARKER))
    )
    data = out.getvalue()
    return data[:2] + extra + data[2:] + b"\0\0\0\x18ftypmp42" + MARKER + b"-trailer"


def _png(variant: str) -> bytes:
    mode = {"palette": "P", "gray16": "I;16"}.get(variant, "RGBA")
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", _WORD)
    words.add_text("Comment", _WORD * 9, zip=True)
    words.add_itxt("XML:com.adobe.xmp", _XMP)
    words.add(b"tIME", bytes(7))
    words.add(b"prVt", MARKER)
    out = io.BytesIO()
    photo(mode).save(out, "PNG", pnginfo=words, exif=exif(), icc_profile=_profile(), dpi=(72, 72))
    data = out.getvalue()
    hidden = b"IDAT" + MARKER + b"-after-the-stream"
    tail = (len(hidden) - 4).to_bytes(4) + hidden + zlib.crc32(hidden).to_bytes(4)
    return data[:-12] + tail + data[-12:] + MARKER + b"-trailer"


def _webp(variant: str) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"exif": exif(), "xmp": _XMP.encode(), "icc_profile": _profile()}
    if variant == "animated":
        options |= {"save_all": True, "append_images": [photo("RGBA"), photo("RGBA")], "duration": 80}
    photo("RGBA").save(out, "WEBP", lossless=variant == "lossless", **options)
    body = out.getvalue()[8:] + b"zqTR" + (8).to_bytes(4, "little") + MARKER + b"\0"
    return b"RIFF" + len(body).to_bytes(4, "little") + body + MARKER + b"-trailer"


def _gif(_: str) -> bytes:
    out = io.BytesIO()
    frames = [photo(), photo().rotate(180)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=MARKER, duration=(120, 240))
    data = out.getvalue()
    extension = b"\x21\xff\x0bXMP DataXMP" + bytes((len(MARKER),)) + MARKER + b"\0"
    return data[:-1] + extension + data[-1:] + MARKER


def _tiff(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "TIFF", exif=exif(1), icc_profile=_profile(), save_all=True, append_images=[photo(), photo()])
    return out.getvalue() + MARKER


def _avif(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "AVIF", exif=exif(), xmp=_XMP.encode(), icc_profile=_profile(), speed=10)
    return out.getvalue()


def _bmp(_: str) -> bytes:
    out = io.BytesIO()
    photo().save(out, "BMP")
    return out.getvalue() + MARKER


_DRAWN = {"bmp": _bmp, "jpg": _jpeg, "png": _png, "webp": _webp, "gif": _gif, "tif": _tiff, "avif": _avif}


def _amr_wideband() -> bytes:
    """A second of frames of the lowest rate (RFC 4867 section 5.3): no encoder here makes any."""
    return b"#!AMR-WB\n" + (b"\x04" + bytes(range(17))) * 50


def _heic(folder: Path) -> bytes:
    """A HEIF file (ISO/IEC 23008-12) around one HEVC picture, with an Exif item: no library here writes one."""
    video = folder / "heic.mp4"
    _ffmpeg("-f", "lavfi", "-i", "testsrc=s=128x96:d=0.04:r=25", "-pix_fmt", "yuv420p", "-c:v", "libx265",
            "-x265-params", "log-level=none", "-tag:v", "hvc1", str(video))  # fmt: skip
    data = video.read_bytes()
    at = data.index(b"hvcC") - 4
    config = data[at : at + int.from_bytes(data[at : at + 4])]
    start = data.index(b"mdat") + 4
    coded = data[start : start - 8 + int.from_bytes(data[start - 8 : start - 4])]
    facts = b"\0\0\0\x06Exif\0\0" + exif().tobytes().removeprefix(b"Exif\0\0") + MARKER
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


_TAGS = [
    part
    for key in ("title", "artist", "comment", "description", "location", "make", "model", "encoder", "copyright")
    for part in ("-metadata", f"{key}={'+25.3176+082.9739/' if key == 'location' else _WORD + '-' + key}")
] + ["-metadata", "creation_time=2026-11-20T10:11:12Z", "-metadata:s:a", f"handler_name={_WORD}"]
_SOUND = ("-f", "lavfi", "-i", "sine=f=440:d=1.2")
_FILM = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=1.2", *_SOUND)
_H264, _AAC, _MP3 = ("-pix_fmt", "yuv420p", "-c:v", "libx264"), ("-c:a", "aac"), ("-c:a", "libmp3lame")
_HEVC = ("-pix_fmt", "yuv420p", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
_MESSAGE = ("-bsf:v", f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{_WORD}-sei")
_AMR = ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1")
_CODED: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "mp4": (_FILM, (*_H264, *_MESSAGE, *_AAC, "-movflags", "use_metadata_tags"), "mp4"),
    "mp4-hevc": (_FILM, (*_HEVC, *_AAC), "mp4"),
    "mp4-turned": (_FILM, (*_H264, *_AAC), "mp4"),
    "mov": (_FILM, (*_H264, *_AAC, "-timecode", "01:02:03:04"), "mov"),
    "3gp": (_FILM, ("-c:v", "mpeg4", *_AMR), "3gp"),
    "webm": (_FILM, ("-c:v", "libvpx", "-c:a", "libopus"), "webm"),
    "mkv": (_FILM, (*_H264, *_AAC), "matroska"),
    "avi": (_FILM, ("-c:v", "mpeg4", *_MP3), "avi"),
    "opus": (_SOUND, ("-c:a", "libopus"), "ogg"),
    "ogg": (_SOUND, ("-c:a", "libvorbis"), "ogg"),
    "m4a": (_SOUND, _AAC, "ipod"),
    "mp3": (_SOUND, (*_MP3, "-write_id3v1", "1"), "mp3"),
    "aac": (_SOUND, (*_AAC, "-write_id3v2", "1"), "adts"),
    "amr": (_SOUND, _AMR, "amr"),
    "wav": (_SOUND, ("-c:a", "pcm_s16le"), "wav"),
    "flac": (_SOUND, ("-c:a", "flac"), "flac"),
    "3g2": (_FILM, (*_H264, *_AAC), "3g2"),
    "ts": (_FILM, (*_H264, *_AAC, "-metadata", f"service_name={_WORD}"), "mpegts"),
    "mpg": (_FILM, ("-c:v", "mpeg2video", "-c:a", "mp2"), "vob"),
    "flv": (_FILM, (*_H264, *_AAC), "flv"),
    "wmv": (_FILM, ("-c:v", "wmv2", "-c:a", "wmav2"), "asf"),
    "wma": (_SOUND, ("-c:a", "wmav2"), "asf"),
    "aiff": (_SOUND, ("-c:a", "pcm_s16be", "-write_id3v2", "1"), "aiff"),
    "ogv": (_FILM, ("-c:v", "libtheora", "-c:a", "libvorbis"), "ogg"),
}


def _record(path: Path, kind: str, name: str) -> None:
    """Film or record with every tag that the container takes; what ffmpeg does not write is added by hand."""
    inputs, codecs, container = _CODED[name]
    words = _words(path, kind) if kind in ("mp4", "mov", "mkv") else ((), ())
    _ffmpeg(*inputs, *words[0], *codecs, *words[1], *_TAGS, "-f", container, str(path))
    if name.endswith("-turned"):
        _turn(path)
    if kind in ("mpg", "ts"):
        path.write_bytes(path.read_bytes() + MARKER)
    if kind in ("mp4", "mov", "m4a", "3gp", "3g2"):
        box = b"uuid" + bytes(16) + MARKER
        path.write_bytes(path.read_bytes() + (len(box) + 4).to_bytes(4) + box)


def _words(path: Path, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A text track that tells places, as dash cameras write, and a chapter: more inputs, and what becomes of them."""
    lines, sheet = path.with_suffix(".srt"), path.with_suffix(".chapters")
    lines.write_text(f"1\n00:00:00,000 --> 00:00:01,000\nGPS {LATITUDE} {_WORD}\n")
    sheet.write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle={_WORD}\n")
    mapped = ("-map", "0", "-map", "1", "-map", "2", "-map_chapters", "3")
    if kind == "mkv":
        attached = ("-attach", str(lines), "-metadata:s:t", "mimetype=text/plain")
        return ("-i", str(lines), "-i", str(sheet)), (*mapped, "-c:s", "srt", *attached)
    return ("-i", str(lines), "-i", str(sheet)), (*mapped, "-c:s", "mov_text")


def _turn(path: Path) -> None:
    straight = path.with_suffix(".straight")
    path.rename(straight)
    _ffmpeg("-display_rotation:v:0", "90", "-i", str(straight), "-map", "0", "-c", "copy", "-f", "mp4", str(path))


def _ffmpeg(*arguments: str) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-nostdin", "-v", "error", "-y", *arguments], check=True)  # noqa: S603 - our own words
