"""Runs ffmpeg, and lists the containers of video and sound that it reads and writes.

ffmpeg runs as a program of its own: without a shell, with an empty environment, and with no protocol but files and
pipes. No argument holds a tipster's words.
"""

import re
import subprocess
from pathlib import Path

import msgspec

from satark_files.extra_packages import needing
from satark_files.scrubber import Unclean


class Container(msgspec.Struct, frozen=True):
    """A type of file: the names of ffmpeg's demuxer and muxer for it, and the MIME type of the file that is written."""

    demuxer: str
    muxer: str
    mime: str
    has_video: bool = True
    options: tuple[str, ...] = ()

    def read(self, path: Path) -> tuple[str, ...]:
        """Return the options that read a file of this type."""
        # A forced demuxer keeps a playlist inside the file from naming other files or addresses.
        return ("-f", self.demuxer, "-i", f"file:{path}")

    def write(self, path: Path) -> tuple[str, ...]:
        """Return the options that write a file of this type."""
        return (*self.options, "-f", self.muxer, f"file:{path}")

    def branch(self, path: Path, *options: str) -> str:
        """Return a branch of `write_branches` that writes a file of this type."""
        return branch(self.muxer, f"file:{path}", *self.options, *options)


_ISO = ("-empty_hdlr_name", "1", "-movflags", "+faststart", "-write_tmcd", "0")
_MP3 = ("-id3v2_version", "0", "-write_id3v1", "0", "-write_xing", "0")
CONTAINERS = {
    "video/mp4": Container("mov", "mp4", "video/mp4", options=_ISO),
    "video/quicktime": Container("mov", "mov", "video/quicktime", options=_ISO),
    "video/3gpp": Container("mov", "3gp", "video/3gpp", options=_ISO),
    "video/3gpp2": Container("mov", "3g2", "video/3gpp2", options=_ISO),
    "video/mp2t": Container("mpegts", "mpegts", "video/mp2t"),
    "video/mpeg": Container("mpeg", "vob", "video/mpeg"),
    "video/x-flv": Container("flv", "flv", "video/x-flv", options=("-flvflags", "no_metadata")),
    "video/x-ms-wmv": Container("asf", "asf", "video/x-ms-wmv"),
    "audio/x-ms-wma": Container("asf", "asf", "audio/x-ms-wma", has_video=False),
    "audio/aiff": Container("aiff", "aiff", "audio/aiff", has_video=False),
    "audio/amr-wb": Container("amr", "amr", "audio/amr-wb", has_video=False),
    "video/webm": Container("matroska", "webm", "video/webm"),
    "video/x-matroska": Container("matroska", "matroska", "video/x-matroska"),
    "video/x-msvideo": Container("avi", "avi", "video/x-msvideo"),
    "video/ogg": Container("ogg", "ogg", "video/ogg"),
    "audio/ogg": Container("ogg", "ogg", "audio/ogg", has_video=False),
    "audio/mp4": Container("mov", "mp4", "audio/mp4", has_video=False, options=(*_ISO, "-brand", "M4A ")),
    "audio/mpeg": Container("mp3", "mp3", "audio/mpeg", has_video=False, options=_MP3),
    "audio/aac": Container("aac", "adts", "audio/aac", has_video=False),
    "audio/amr": Container("amr", "amr", "audio/amr", has_video=False),
    "audio/wav": Container("wav", "wav", "audio/wav", has_video=False),
    "audio/flac": Container("flac", "flac", "audio/flac", has_video=False),
}
"""MIME type, as `satark_files.sniff` names it → container."""
_SPECIAL, _ESCAPED = re.compile(r"[\\'|]"), r"\\\g<0>"
"""Characters that must be escaped in the target of a branch, and their escaped forms."""
_SAFE = ("-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe")


def branch(muxer: str, target: str, *options: str) -> str:
    """Return a branch of `write_branches`: a muxer with its options, as pairs of name and value."""
    named = [f"{name.removeprefix('-')}={value}" for name, value in zip(options[::2], options[1::2], strict=True)]
    return f"[{':'.join((f'f={muxer}', *named))}]{_SPECIAL.sub(_ESCAPED, target)}"


def write_branches(*branches: str) -> tuple[str, ...]:
    """Return the options that read and filter a file once and write it to several targets."""
    return ("-f", "tee", "|".join(branches))


def find_program() -> str:
    """Return the full path of imageio-ffmpeg's program.

    A scrubber keeps it in an attribute called `ffmpeg`, which the sandbox reads: only this program may run there.

    Raises:
        MissingPackage: imageio-ffmpeg is not installed.
    """
    with needing("evidence"):
        from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415 - a machine for the role web does without

    return str(Path(get_ffmpeg_exe()).resolve())


def container_of(mime: str) -> Container:
    """Return the container of a type.

    Raises:
        Unclean: the type holds no video or sound (`unsupported`).
    """
    if mime not in CONTAINERS:
        raise Unclean("unsupported")
    return CONTAINERS[mime]


def run(program: str, level: str, *arguments: str) -> tuple[bytes, bytes]:
    """Run ffmpeg with a log level; return its output and its log.

    Raises:
        Unclean: ffmpeg failed (`damaged`), or a signal ended it (`crashed`).
    """
    done = _run(program, level, "-y", *arguments)
    if done.returncode:
        raise Unclean("damaged" if done.returncode > 0 else "crashed")
    return done.stdout, done.stderr


def describe(program: str, container: Container, path: Path) -> bytes:
    """Return ffmpeg's report on the streams and tags of a file."""
    return _run(program, "info", *container.read(path)).stderr  # always ends with "no output file": not a failure


def _run(program: str, level: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = (program, *_SAFE, "-v", level, *arguments)
    return subprocess.run(command, env={}, capture_output=True, check=False)  # noqa: S603 - no shell, see the module
