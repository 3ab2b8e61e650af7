"""Video and audio specimens with markers in every tag that their container takes, made by ffmpeg."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import imageio_ffmpeg

from support.evidence.markers import LATITUDE, MARKER, MARKER_BYTES

RECORDINGS: Mapping[str, tuple[str, ...]] = {
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
"""MIME type → the names of its specimens."""

_TAGS = [
    part
    for key in ("title", "artist", "comment", "description", "location", "make", "model", "encoder", "copyright")
    for part in ("-metadata", f"{key}={'+25.3176+082.9739/' if key == 'location' else MARKER + '-' + key}")
] + ["-metadata", "creation_time=2026-11-20T10:11:12Z", "-metadata:s:a", f"handler_name={MARKER}"]
_SOUND = ("-f", "lavfi", "-i", "sine=f=440:d=1.2")
_VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=1.2", *_SOUND)
_H264, _AAC, _MP3 = ("-pix_fmt", "yuv420p", "-c:v", "libx264"), ("-c:a", "aac"), ("-c:a", "libmp3lame")
_HEVC = ("-pix_fmt", "yuv420p", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
_MESSAGE = ("-bsf:v", f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{MARKER}-sei")
_AMR = ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1")
_CODED: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "mp4": (_VIDEO, (*_H264, *_MESSAGE, *_AAC, "-movflags", "use_metadata_tags"), "mp4"),
    "mp4-hevc": (_VIDEO, (*_HEVC, *_AAC), "mp4"),
    "mp4-turned": (_VIDEO, (*_H264, *_AAC), "mp4"),
    "mov": (_VIDEO, (*_H264, *_AAC, "-timecode", "01:02:03:04"), "mov"),
    "3gp": (_VIDEO, ("-c:v", "mpeg4", *_AMR), "3gp"),
    "webm": (_VIDEO, ("-c:v", "libvpx", "-c:a", "libopus"), "webm"),
    "mkv": (_VIDEO, (*_H264, *_AAC), "matroska"),
    "avi": (_VIDEO, ("-c:v", "mpeg4", *_MP3), "avi"),
    "opus": (_SOUND, ("-c:a", "libopus"), "ogg"),
    "ogg": (_SOUND, ("-c:a", "libvorbis"), "ogg"),
    "m4a": (_SOUND, _AAC, "ipod"),
    "mp3": (_SOUND, (*_MP3, "-write_id3v1", "1"), "mp3"),
    "aac": (_SOUND, (*_AAC, "-write_id3v2", "1"), "adts"),
    "amr": (_SOUND, _AMR, "amr"),
    "wav": (_SOUND, ("-c:a", "pcm_s16le"), "wav"),
    "flac": (_SOUND, ("-c:a", "flac"), "flac"),
    "3g2": (_VIDEO, (*_H264, *_AAC), "3g2"),
    "ts": (_VIDEO, (*_H264, *_AAC, "-metadata", f"service_name={MARKER}"), "mpegts"),
    "mpg": (_VIDEO, ("-c:v", "mpeg2video", "-c:a", "mp2"), "vob"),
    "flv": (_VIDEO, (*_H264, *_AAC), "flv"),
    "wmv": (_VIDEO, ("-c:v", "wmv2", "-c:a", "wmav2"), "asf"),
    "wma": (_SOUND, ("-c:a", "wmav2"), "asf"),
    "aiff": (_SOUND, ("-c:a", "pcm_s16be", "-write_id3v2", "1"), "aiff"),
    "ogv": (_VIDEO, ("-c:v", "libtheora", "-c:a", "libvorbis"), "ogg"),
}


def make_recording(name: str, path: Path) -> None:
    """Make the specimen of this name at `path`."""
    kind = name.partition("-")[0]
    if kind == "awb":
        path.write_bytes(_amr_wideband())
    else:
        _record(path, kind, name)


def ffmpeg(*arguments: object) -> bytes:
    """Run ffmpeg, and return its output.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def decoded_hash(path: Path) -> bytes:
    """Return a hash of the decoded content of each stream of a recording."""
    return ffmpeg("-v", "quiet", "-noautorotate", "-i", path, "-f", "streamhash", "-")


def _amr_wideband() -> bytes:
    """Return a second of frames at the lowest rate (RFC 4867 section 5.3), since no encoder here makes any."""
    return b"#!AMR-WB\n" + (b"\x04" + bytes(range(17))) * 50


def _record(path: Path, kind: str, name: str) -> None:
    """Record with every tag that the container allows, and append what ffmpeg does not write."""
    inputs, codecs, container = _CODED[name]
    tracks = _text_tracks(path, kind) if kind in ("mp4", "mov", "mkv") else ((), ())
    ffmpeg(*inputs, *tracks[0], *codecs, *tracks[1], *_TAGS, "-f", container, str(path))
    if name.endswith("-turned"):
        _rotate(path)
    if kind in ("mpg", "ts"):
        path.write_bytes(path.read_bytes() + MARKER_BYTES)
    if kind in ("mp4", "mov", "m4a", "3gp", "3g2"):
        box = b"uuid" + bytes(16) + MARKER_BYTES
        path.write_bytes(path.read_bytes() + (len(box) + 4).to_bytes(4) + box)


def _text_tracks(path: Path, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return options for further inputs: a subtitle track with places, as dash cameras write it, and a chapter."""
    subtitles, chapters = path.with_suffix(".srt"), path.with_suffix(".chapters")
    subtitles.write_text(f"1\n00:00:00,000 --> 00:00:01,000\nGPS {LATITUDE} {MARKER}\n")
    chapters.write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle={MARKER}\n")
    mapped = ("-map", "0", "-map", "1", "-map", "2", "-map_chapters", "3")
    if kind == "mkv":
        attached = ("-attach", str(subtitles), "-metadata:s:t", "mimetype=text/plain")
        return ("-i", str(subtitles), "-i", str(chapters)), (*mapped, "-c:s", "srt", *attached)
    return ("-i", str(subtitles), "-i", str(chapters)), (*mapped, "-c:s", "mov_text")


def _rotate(path: Path) -> None:
    straight = path.with_suffix(".straight")
    path.rename(straight)
    ffmpeg("-display_rotation:v:0", "90", "-i", str(straight), "-map", "0", "-c", "copy", "-f", "mp4", str(path))
