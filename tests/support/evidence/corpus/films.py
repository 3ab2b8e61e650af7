"""Recordings with markers in covers, extra tracks, foreign boxes, and in containers that few programs write."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from support.evidence.corpus.pictures import C2PA, box
from support.evidence.images import encode, exif, photo
from support.evidence.markers import MARKER, MARKER_BYTES, XMP
from support.evidence.recordings import ffmpeg

_SOUND = ("-f", "lavfi", "-i", "sine=f=440:d=0.6")
_FILM = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=0.6,format=yuv420p", *_SOUND)
_TAGS = (
    "-metadata",
    f"title={MARKER}",
    "-metadata",
    f"artist={MARKER}",
    "-metadata",
    f"comment={MARKER}",
    "-metadata",
    "location=+25.3176+082.9739/",
)
_H264 = ("-c:v", "libx264", "-c:a", "aac")

Maker = Callable[[Path], bytes]


def _made(name: str, *options: str, inputs: tuple[str, ...] = _SOUND) -> Maker:
    def make(folder: Path) -> bytes:
        path = folder / name
        ffmpeg(*inputs, *options, *_TAGS, path)
        return path.read_bytes()

    return make


def _cover(folder: Path) -> Path:
    path = folder / "cover.jpg"
    path.write_bytes(encode(photo(), "JPEG", exif=exif(), comment=MARKER_BYTES))
    return path


def _with_cover(name: str, *options: str) -> Maker:
    def make(folder: Path) -> bytes:
        path = folder / name
        ffmpeg(
            *_SOUND,
            "-i",
            _cover(folder),
            "-map",
            "0:a",
            "-map",
            "1:v",
            *options,
            "-c:v",
            "copy",
            "-disposition:v",
            "attached_pic",
            "-metadata:s:v",
            f"title={MARKER}",
            *_TAGS,
            path,
        )
        return path.read_bytes()

    return make


def _opus_cover(folder: Path) -> bytes:
    picture = _cover(folder).read_bytes()
    block = (
        (3).to_bytes(4)
        + (10).to_bytes(4)
        + b"image/jpeg"
        + len(MARKER).to_bytes(4)
        + MARKER_BYTES
        + bytes(16)
        + len(picture).to_bytes(4)
        + picture
    )
    coded = base64.b64encode(block).decode()
    path = folder / "a.opus"
    ffmpeg(*_SOUND, "-c:a", "libopus", "-metadata", f"METADATA_BLOCK_PICTURE={coded}", *_TAGS, path)
    return path.read_bytes()


def _id3(*frames: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + len(data).to_bytes(4) + b"\0\0" + data for name, data in frames)
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body


def _mp3_frames(folder: Path) -> bytes:
    sound = _made("a.mp3", "-c:a", "libmp3lame", "-write_id3v1", "1")(folder)
    head = _id3(
        (b"PRIV", MARKER_BYTES + b"\0x"),
        (b"GEOB", b"\0\0" + MARKER_BYTES + b"\0\0x"),
        (b"UFID", MARKER_BYTES + b"\0x"),
        (b"COMM", b"\0eng\0" + MARKER_BYTES),
        (b"TXXX", b"\1\xff\xfe" + MARKER.encode("utf-16-le")),
    )
    item = len(MARKER).to_bytes(4, "little") + bytes(4) + b"Artist\0" + MARKER_BYTES
    facts = (2000).to_bytes(4, "little") + (len(item) + 32).to_bytes(4, "little") + (1).to_bytes(4, "little")
    begin, end = (b"APETAGEX" + facts + flags.to_bytes(4, "little") + bytes(8) for flags in (0xA0000000, 0x80000000))
    return head + sound[:-128] + begin + item + end + sound[-128:]


def _riff(data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    more = b"".join(name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2) for name, body in chunks)
    return b"RIFF" + (len(data) + len(more) - 8).to_bytes(4, "little") + data[8:] + more


def _wav(folder: Path) -> bytes:
    bext = MARKER_BYTES.ljust(256, b"\0") + MARKER_BYTES.ljust(32, b"\0") + bytes(314)
    return _riff(
        _made("a.wav", "-c:a", "pcm_s16le")(folder),
        (b"bext", bext),
        (b"iXML", XMP.encode()),
        (b"id3 ", _id3((b"TPE1", b"\0" + MARKER_BYTES))),
        (b"cue ", bytes(4)),
        (b"_PMX", XMP.encode()),
        (b"afsp", MARKER_BYTES),
        (b"C2PA", C2PA),
    )


def _w64(folder: Path) -> bytes:
    return _made("a.w64", "-f", "w64")(folder) + MARKER_BYTES


def _au(folder: Path) -> bytes:
    sound = _made("a.au", "-f", "au")(folder)
    begin = int.from_bytes(sound[4:8])
    return b".snd" + (32).to_bytes(4) + sound[8:24] + MARKER_BYTES.ljust(8, b"\0") + sound[begin:]


def _boxed(name: str, *boxes: bytes, options: tuple[str, ...] = _H264) -> Maker:
    made = _made(name, *options, inputs=_FILM)
    return lambda folder: made(folder) + b"".join(boxes)


_UUID_XMP, _UUID_C2PA = (
    bytes.fromhex(one) for one in ("be7acfcb97a942e89c71999491e3afac", "d8fec3d61b0e483c92975828877ec481")
)


def _second(folder: Path) -> bytes:
    path = folder / "two.mp4"
    other = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=0.6,format=yuv420p", "-f", "lavfi", "-i", "sine=f=880:d=0.6")
    ffmpeg(
        *_FILM,
        *other,
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-map",
        "3",
        *_H264,
        "-metadata:s:v:1",
        f"handler_name={MARKER}",
        "-metadata:s:a:1",
        f"handler_name={MARKER}",
        *_TAGS,
        path,
    )
    return path.read_bytes()


def _mjpeg(folder: Path) -> bytes:
    """Return a film of a dash camera, whose frames are JPEG files with Exif blocks, comments and words behind them."""
    frame = encode(photo(size=(64, 48)), "JPEG", exif=exif(1), comment=MARKER_BYTES) + MARKER_BYTES
    for number in range(6):
        (folder / f"frame{number}.jpg").write_bytes(frame)
    path = folder / "camera.avi"
    ffmpeg("-framerate", "10", "-i", folder / "frame%d.jpg", "-c", "copy", *_TAGS, path)
    return path.read_bytes()


def _mkv_more(folder: Path) -> bytes:
    path = folder / "more.mkv"
    note = folder / "note.txt"
    note.write_text(MARKER)
    ffmpeg(
        *_FILM,
        *_H264,
        "-attach",
        _cover(folder),
        "-metadata:s:t:0",
        "mimetype=image/jpeg",
        "-metadata:s:t:0",
        f"filename={MARKER}.jpg",
        "-attach",
        note,
        "-metadata:s:t:1",
        "mimetype=text/plain",
        *_TAGS,
        path,
    )
    return path.read_bytes()


def _vorbis_in_mkv(folder: Path) -> bytes:
    return _made("a.mka", "-c:a", "libvorbis", "-f", "matroska")(folder)


def _trailing(make: Maker) -> Maker:
    return lambda folder: make(folder) + MARKER_BYTES


FILMS: Mapping[str, Maker] = {
    "opus-cover": _opus_cover,
    "mp3-frames": _mp3_frames,
    "mp3-cover": _with_cover("b.mp3", "-c:a", "libmp3lame"),
    "m4a-cover": _with_cover("c.m4a", "-c:a", "aac"),
    "flac-cover": _with_cover("d.flac", "-c:a", "flac"),
    "wav-chunks": _wav,
    "w64": _w64,
    "au": _au,
    "mka-vorbis": _vorbis_in_mkv,
    "mkv-attached": _mkv_more,
    "mp4-c2pa": _boxed("e.mp4", box(b"uuid", _UUID_C2PA, C2PA)),
    "mp4-xmp": _boxed(
        "f.mp4",
        box(b"uuid", _UUID_XMP, XMP.encode()),
        box(b"free", MARKER_BYTES),
        box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+25.3176+082.9739/")),
    ),
    "mp4-two-cameras": _second,
    "mp4-fragments": _boxed("g.mp4", options=(*_H264, "-movflags", "frag_keyframe+empty_moov")),
    "mp4-keys": _boxed("h.mp4", options=(*_H264, "-movflags", "use_metadata_tags")),
    "mp4-av1": _boxed("i.mp4", options=("-c:v", "libaom-av1", "-cpu-used", "8", "-c:a", "libopus")),
    "mp4-sound": _made("j.mp4", "-c:a", "aac"),
    "3gp-sound": _made("k.3gp", "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"),
    "webm-vp9": _made("l.webm", "-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus", inputs=_FILM),
    "mkv-hevc": _made("m.mkv", "-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "flac", inputs=_FILM),
    "avi-mjpeg": _mjpeg,
    "mov-mpeg4": _made("n.mov", "-c:v", "mpeg4", "-c:a", "pcm_s16le", inputs=_FILM),
    "m2ts": _made("o.m2ts", "-c:v", "libx264", "-c:a", "ac3", "-mpegts_m2ts_mode", "1", inputs=_FILM),
    "ogg-flac": _made("p.oga", "-c:a", "flac"),
    "ogg-speex": lambda _: b"OggS" + bytes(24) + b"Speex   " + MARKER_BYTES,
    "mp2": _trailing(_made("q.mp2", "-c:a", "mp2")),
    "ac3": _trailing(_made("r.ac3", "-c:a", "ac3")),
    "wv": _made("s.wv", "-c:a", "wavpack"),
    "tta": _made("t.tta", "-c:a", "tta"),
    "nut": _made("u.nut", *_H264, inputs=_FILM),
    "y4m": lambda _: b"YUV4MPEG2 W2 H2 F25:1 X" + MARKER_BYTES + b"\nFRAME\n" + bytes(6),
    "rm": _made("v.rm", "-c:a", "ac3"),
    "silk": lambda _: b"\2#!SILK_V3" + MARKER_BYTES,
    "ape": lambda _: b"MAC \x96\x0f" + MARKER_BYTES,
    "mov-png": _made("w.mov", "-c:v", "png", inputs=_FILM),
    "asf-wmv": _made("x.asf", "-c:v", "wmv2", "-c:a", "wmav2", inputs=_FILM),
    "swf": lambda _: b"FWS\x08" + (30).to_bytes(4, "little") + MARKER_BYTES,
    "mid": lambda _: b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x0d\0\xff\2\7" + MARKER_BYTES,
}
