"""Recordings of CCTV and of old programs: video without a container, recorders' own formats, rare media."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.evidence.markers import MARKER, MARKER_BYTES
from support.evidence.recordings import ffmpeg

UNUSUAL: Mapping[str, tuple[str, ...]] = {
    "video/h264": ("264",),
    "video/h265": ("265",),
    "video/x-imkh": ("imkh",),
    "video/x-dav": ("dav",),
    "audio/x-caf": ("caf",),
}
"""MIME type → the names of its specimens."""

_VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=1", "-pix_fmt", "yuv420p")
_SOUND = ("-f", "lavfi", "-i", "sine=f=440:d=1")
_TITLE = ("-metadata", f"title={MARKER}", "-metadata", f"comment={MARKER}")
_MESSAGE = ("-bsf:v", f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{MARKER}-sei")
_CODED: Mapping[str, tuple[str, ...]] = {
    "264": (*_VIDEO, "-c:v", "libx264", *_MESSAGE, "-f", "h264"),
    "265": (*_VIDEO, "-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc"),
    "imkh": (*_VIDEO, "-c:v", "libx264", "-f", "mpeg"),
    "caf": (*_SOUND, *_TITLE, "-f", "caf"),
}


def make_unusual(name: str, path: Path) -> None:
    """Make the specimen with this name at `path`, with markers if its format allows them."""
    if name == "dav":
        path.write_bytes(_dav(path))
        return
    ffmpeg(*_CODED[name], path)
    if name == "imkh":
        path.write_bytes(b"IMKH" + MARKER_BYTES.ljust(36, b"\0") + path.read_bytes())


def _dav(path: Path) -> bytes:
    """Return a film as Dahua's recorders write it (FFmpeg, `dhav.c`): a header and a trailer around each frame."""
    raw = path.with_suffix(".raw")
    ffmpeg(*_VIDEO, "-c:v", "libx264", "-x264-params", "aud=1", "-f", "h264", raw)
    delimiter = b"\0\0\0\1\x09"
    frames = [delimiter + frame for frame in raw.read_bytes().split(delimiter)[1:]]
    return b"".join(_dav_frame(number, frame) for number, frame in enumerate(frames)) + MARKER_BYTES


def _dav_frame(number: int, frame: bytes) -> bytes:
    facts = bytes((0x81, 0, 4, 25, 0x82, 0, 0, 0)) + (128).to_bytes(2, "little") + (96).to_bytes(2, "little")
    length = (24 + len(facts) + len(frame) + 8).to_bytes(4, "little")
    kind = bytes((0xFC if number else 0xFD, 0, 0, 0))
    clock = (0x6B3A_94C1 + number // 25).to_bytes(4, "little") + (40 * number).to_bytes(2, "little")
    head = b"DHAV" + kind + number.to_bytes(4, "little") + length + clock + bytes((len(facts), 0))
    return head + facts + frame + b"dhav" + length
