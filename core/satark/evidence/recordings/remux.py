"""Video and sound: the coded streams are moved, bit by bit, into a fresh container that says nothing else.

`ffmpeg` does it, as a program of its own. What it keeps by design: the first picture track and the first sound track,
rotation, time stamps. What no container cleaning can touch: what the encoder wrote into the coded stream itself.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg
import msgspec

from satark.evidence.recordings import audio_frames, hevc_config, mpeg_user_data, vorbis_comments
from satark.evidence.recordings.codec_rules import rules_for
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from satark.evidence.recordings.codec_rules import CodecRules
    from satark.limits import Limits


class _Container(msgspec.Struct, frozen=True):
    """How one type of file is read and written: ffmpeg's names, and the MIME type of what comes out."""

    demuxer: str
    muxer: str
    mime: str
    pictures: bool = True
    options: tuple[str, ...] = ()


_ISO = ("-empty_hdlr_name", "1", "-movflags", "+faststart", "-write_tmcd", "0")
_MP3 = ("-id3v2_version", "0", "-write_id3v1", "0", "-write_xing", "0")
_CONTAINERS = {
    "video/mp4": _Container("mov", "mp4", "video/mp4", options=_ISO),
    "video/quicktime": _Container("mov", "mov", "video/quicktime", options=_ISO),
    "video/3gpp": _Container("mov", "3gp", "video/3gpp", options=_ISO),
    "video/3gpp2": _Container("mov", "3g2", "video/3gpp2", options=_ISO),
    "video/mp2t": _Container("mpegts", "mpegts", "video/mp2t"),
    "video/mpeg": _Container("mpeg", "vob", "video/mpeg"),
    "video/x-flv": _Container("flv", "flv", "video/x-flv", options=("-flvflags", "no_metadata")),
    "video/x-ms-wmv": _Container("asf", "asf", "video/x-ms-wmv"),
    "audio/x-ms-wma": _Container("asf", "asf", "audio/x-ms-wma", pictures=False),
    "audio/aiff": _Container("aiff", "aiff", "audio/aiff", pictures=False),
    "audio/amr-wb": _Container("amr", "amr", "audio/amr-wb", pictures=False),
    "video/webm": _Container("matroska", "webm", "video/webm"),
    "video/x-matroska": _Container("matroska", "matroska", "video/x-matroska"),
    "video/x-msvideo": _Container("avi", "avi", "video/x-msvideo"),
    "video/ogg": _Container("ogg", "ogg", "video/ogg"),
    "audio/ogg": _Container("ogg", "ogg", "audio/ogg", pictures=False),
    "audio/mp4": _Container("mov", "mp4", "audio/mp4", pictures=False, options=(*_ISO, "-brand", "M4A ")),
    "audio/mpeg": _Container("mp3", "mp3", "audio/mpeg", pictures=False, options=_MP3),
    "audio/aac": _Container("aac", "adts", "audio/aac", pictures=False),
    "audio/amr": _Container("amr", "amr", "audio/amr", pictures=False),
    "audio/wav": _Container("wav", "wav", "audio/wav", pictures=False),
    "audio/flac": _Container("flac", "flac", "audio/flac", pictures=False),
}

# A forced demuxer and this list are what keep a playlist inside a file from naming other files or addresses.
SAFELY = ("-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe")
_BARE = ("-dn", "-sn", "-map_metadata", "-1", "-map_chapters", "-1", "-c", "copy")
_EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d)")
_EXPECTED = re.compile(
    r"Input #0, .*| *Metadata:|  Duration: .*|  Stream #0:[01](\[0x\w+\])?(\(und\))?: (Video|Audio): .*"
    r"| +creation_time *: 1970-01-01T00:00:00\.000000Z"
    r"|  (Program 1 ?|No Program)|    Metadata:| +(service_name *: Service01|service_provider *: FFmpeg)"
    r"| +(major_brand *: (isom|M4A |qt  |3g[p2]\w)|minor_version *: \d+|compatible_brands *: [\w ]{4,32})"
    r"| +(vendor_id *: (\[0\]\[0\]\[0\]\[0\]|FFMP)|handler_name *: (Video|Sound)Handler)"
    r"| +(DURATION *: [\d:.]+|encoder *: (Lavf|Lavc \w+|ffmpeg))"
    r"|    Side data:|      ([Dd]isplay ?[Mm]atrix: rotation of .*|CPB properties: .*)|\[.*|"
    r"      (Content light level metadata: MaxCLL=\d+, MaxFALL=\d+|Mastering display metadata: [a-z_:=(), \d.]+"
    r"|Ambient viewing environment: [a-z_:=(), \d.]+|Spherical Mapping: (equirectangular|cubemap) [\d./() -]*)|"
)
"""Every line of ffmpeg's report on a file without a word of its own: what its own writers say, and its log (`[`)."""
_UNTURNED = ("-noautorotate",)
_PLAYED_SECONDS = 60
_HEADED = frozenset({"mov", "matroska"})
"""ffmpeg's names of what reads containers that carry the streams' own heads as they are."""


class RemuxScrubber:
    """Cleans video and sound by remuxing."""

    mimes = frozenset(_CONTAINERS)

    def __init__(self, ffmpeg: str = "") -> None:
        self.ffmpeg = str(Path(ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()).resolve())

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        container = _CONTAINERS[sniff_file(source)]
        rules_for = self._coding(source, container)
        hashes = self._remux(source, target, container, rules_for)
        if container.demuxer in _HEADED:
            hevc_config.remove_messages(target)
            vorbis_comments.blank_comments(target)
        again, report = self._look(target, container, rules_for)
        if not hashes or again != hashes or not _says_nothing(report):
            raise Unclean("damaged")
        if _duration(report) > limits.seconds:
            raise Unclean("too-long")
        self._cut_words(target, container, rules_for)
        self._play(target, container, limits, pictures=b",v," in hashes)
        return container.mime

    def _coding(self, source: Path, container: _Container) -> CodecRules:
        """What is done with the track of pictures, by its coding."""
        return rules_for(self._report("-f", container.demuxer, "-i", _url(source)) if container.pictures else b"")

    def _remux(self, source: Path, target: Path, container: _Container, rules_for: CodecRules) -> bytes:
        """Move the streams over; the hash of each as it was read."""
        streams = ("-map", "0:V:0?") * container.pictures + ("-map", "0:a:0?")
        written = (
            *streams,
            *_BARE,
            *rules_for.written,
            *_EXACT,
            *container.options,
            "-f",
            container.muxer,
            _url(target),
        )
        hashed = (*streams, "-c", "copy", *rules_for.compared, "-f", "streamhash", "pipe:1")
        return self._run("error", *_UNTURNED, "-f", container.demuxer, "-i", _url(source), *written, *hashed)[0]

    def _look(self, clean: Path, container: _Container, rules_for: CodecRules) -> tuple[bytes, str]:
        """The hash of each stream of the copy, whatever streams it has, and what ffmpeg reports of it."""
        every = ("-map", "0", "-c", "copy", *rules_for.compared, "-f", "streamhash", "pipe:1")
        hashes, report = self._run("info", *_UNTURNED, "-f", container.demuxer, "-i", _url(clean), *every)
        return hashes, report.decode(errors="replace").partition("Stream mapping:")[0]

    def _cut_words(self, clean: Path, container: _Container, rules_for: CodecRules) -> None:
        """Take out of the copy what ffmpeg carries over with the streams."""
        if rules_for.user_data:
            mpeg_user_data.blank_user_data(clean, mpeg_user_data.find_user_data(self._pictures(clean, container)))
            if mpeg_user_data.find_user_data(self._pictures(clean, container)):
                raise Unclean("damaged")
        if container.mime in audio_frames.MIMES:
            clean.write_bytes(audio_frames.frames_only(container.mime, clean.read_bytes()))
        if container.demuxer == "ogg" and _links(clean) > 1:
            raise Unclean("damaged")

    def _pictures(self, clean: Path, container: _Container) -> bytes:
        """The coded pictures alone, after what the container's head says of them."""
        how = ("-map", "0:V:0", "-c", "copy", "-bsf:v", "dump_extra", "-f", "data", "pipe:1")
        return self._run("error", "-f", container.demuxer, "-i", _url(clean), *how)[0]

    def _play(self, clean: Path, container: _Container, limits: Limits, *, pictures: bool) -> None:
        """Decode the key pictures and the sound of the beginning: what a player would meet first."""
        cheaply = ("-skip_frame:v", "nokey", "-max_pixels:v", str(limits.pixels)) * pictures
        self._run(
            "error",
            *cheaply,
            "-t",
            str(_PLAYED_SECONDS),
            "-f",
            container.demuxer,
            "-i",
            _url(clean),
            "-f",
            "null",
            "pipe:1",
        )

    def _report(self, *arguments: str) -> bytes:
        """What ffmpeg says of a file that it is not asked to do anything with."""
        command = (self.ffmpeg, *SAFELY, "-v", "info", *arguments)
        return subprocess.run(command, env={}, capture_output=True, check=False).stderr  # noqa: S603 - as in _run

    def _run(self, level: str, *arguments: str) -> tuple[bytes, bytes]:
        command = (self.ffmpeg, *SAFELY, "-v", level, "-y", *arguments)
        done = subprocess.run(command, env={}, capture_output=True, check=False)  # noqa: S603 - no shell, no words of a sender
        if done.returncode:
            raise Unclean("damaged" if done.returncode > 0 else "crashed")
        return done.stdout, done.stderr


def demuxer(mime: str) -> str:
    """ffmpeg's name for what reads files of this type.

    Raises:
        Unclean: it is a type that holds no sound.
    """
    if mime not in _CONTAINERS:
        raise Unclean("no-cleaner")
    return _CONTAINERS[mime].demuxer


def _url(path: Path) -> str:
    return f"file:{path}"


def _says_nothing(report: str) -> bool:
    """Whether ffmpeg reports no tag, chapter, attachment or data of a file."""
    return all(_EXPECTED.fullmatch(line) for line in report.splitlines())


def _duration(report: str) -> int:
    found = _DURATION.search(report)
    return sum(int(part) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0


def _links(clean: Path) -> int:
    """How many heads of comments an Ogg file has: a chain of several carries those of all but the first."""
    content = clean.read_bytes()
    return max(content.count(head) for head in (b"OpusTags", b"\x03vorbis", b"\x81theora"))
