"""Salvages the pictures of films whose index (`moov`) was never written, as when a camera loses its power.

The index has the place of every picture. The films of most phones have their parameters in the index only; without the
parameters nothing decodes, so nothing of these films can be shown. Dash cameras, CCTV and films for streaming repeat
the parameters among the pictures; in these, each unit is found by the length before it. A unit holds no bytes that look
like a start code (ITU-T H.264 and H.265, section 7.4.1), which distinguishes units from the sound between them.

Cleans recordings in rare containers, too. Coded video without a container, and video in the containers of CCTV
recorders, is moved into MP4 or QuickTime without loss: the coded pictures must be the same before and after. The
recorder's own clock and channel names are left out. Sound in rare containers, where bytes can hide between its frames,
is decoded and written as FLAC.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import CONTAINERS
from satark_files.recordings.preparation import percent_present
from satark_files.recordings.remux import RemuxScrubber
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file


class _Conversion(msgspec.Struct, frozen=True):
    demuxer: str
    muxer: str
    pictures: str = ""
    """Filters that keep only the coded pictures, in one form for all containers; empty for sound, which is decoded."""
    options: tuple[str, ...] = ()


# ITU-T H.264 table 7-1 and H.265 table 7-1: the units that hold coded pictures.
_H264: Final = "h264_mp4toannexb,filter_units=pass_types=1-5"
_H265: Final = "hevc_mp4toannexb,filter_units=pass_types=0-9|16-21"
_FILTERS: Final[Mapping[bytes, str]] = {b"h264": _H264, b"hevc": _H265}
# Coded video alone has no times: with those that ffmpeg makes up, the first pictures would not be shown.
_TIMED: Final = ("-bsf:v", "setts=pts=N*DURATION:dts=N*DURATION")
_UNIT: Final = b"\0\0\1"
_ANY: Final = "null"
_CONVERSIONS: Final[Mapping[str, _Conversion]] = {
    "video/h264": _Conversion("h264", "mp4", _H264, _TIMED),
    "video/h265": _Conversion("hevc", "mp4", _H265, (*_TIMED, "-tag:v", "hvc1")),
    "video/x-imkh": _Conversion("mpeg", "mov", _ANY),
    "video/x-dav": _Conversion("dhav", "mov", _ANY),
    "audio/x-caf": _Conversion("caf", "flac"),
}


class ConversionScrubber(RemuxScrubber):
    """Cleans recordings without a usual container."""

    mimes = frozenset(_CONVERSIONS)

    def __init__(self, mime: str) -> None:
        """Clean recordings of this type, one of `CONVERTED`."""
        super().__init__()
        self.mimes = frozenset({mime})
        self._conversion = _CONVERSIONS[mime]

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        present = percent_present(source)
        if self._conversion.demuxer in {"h264", "hevc"}:  # ffmpeg would copy what was appended
            cut = source.with_name(f"{source.name}.cut")
            cut.write_bytes(_without_last_unit(source.read_bytes()))
            source = cut
        moved = source.with_name(f"{source.name}.moved")
        read = ("-fflags", "+genpts", "-f", self._conversion.demuxer, "-i", f"file:{source}")
        if self._conversion.pictures:
            self._move(read, moved)
        else:
            decoded = ("-t", str(limits.seconds + 1), "-map", "0:a:0", "-map_metadata", "-1", "-c:a", "flac")
            self._run("error", *read, *decoded, "-f", self._conversion.muxer, f"file:{moved}")
        made = super().scrub(moved, target, limits)
        return Cleaned(made, readable=present, left_out=getattr(made, "left_out", ()))

    def _move(self, read: tuple[str, ...], moved: Path) -> None:
        """Move the streams into the other container, and check that the coded pictures stay unchanged."""
        streams = ("-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-c", "copy")
        self._run("error", *read, *streams, *self._conversion.options, "-f", self._conversion.muxer, f"file:{moved}")
        written = ("-f", "mov", "-i", f"file:{moved}")
        if self._pictures(read) != self._pictures(written):
            raise Unclean("damaged")

    def _pictures(self, read: tuple[str, ...]) -> bytes:
        """Return a hash of only the coded pictures."""
        report = ffmpeg.run(self.ffmpeg, "info", *read, "-map", "0:V:0", "-c", "copy", "-f", "null", "pipe:1")[1]
        codec = next((filters for name, filters in _FILTERS.items() if b"Video: " + name in report), "null")
        filters = self._conversion.pictures if self._conversion.pictures != _ANY else codec
        return self._run("error", *read, "-map", "0:V:0", "-c", "copy", "-bsf:v", filters, "-f", "streamhash", "-")[0]


def _without_last_unit(video: bytes) -> bytes:
    """Remove the last unit of coded video without a container: appended bytes can't be told from it.

    Raises:
        Unclean: there is only one unit.
    """
    last = video.rfind(_UNIT)
    if last <= 0:
        raise Unclean("damaged")
    return video[:last].rstrip(b"\0")


CONVERTED: Final = tuple(_CONVERSIONS)
"""The MIME types that are converted."""

_LENGTH: Final = 4
_LONGEST: Final = 1 << 22
_SHORTEST: Final = 3
_START: Final = b"\0\0\0\1"
_STOPS: Final = re.compile(rb"\0\0[\0-\2]")
"""Bytes that no unit holds, except in the padding at its end."""


class FoundVideo(msgspec.Struct, frozen=True):
    """Coded video without a container."""

    mime: str
    data: bytes
    percent: int
    """Percentage of the file that the video takes, at least 1."""


class _Codec(msgspec.Struct, frozen=True):
    mime: str
    parameters: re.Pattern[bytes]
    """The first set of parameters, with the length before it."""
    unit: re.Pattern[bytes]
    """Matches a length, and the first bytes of any unit."""


# H.264 tables 7-1 and A.5 (profiles); H.265 table 7-1.
_CODECS: Final = (
    _Codec(
        "video/h264",
        re.compile(rb"\0\0[\0\1][\s\S]\x67[\x42\x4d\x58\x64\x6e\x7a\xf4]"),
        re.compile(rb"\0[\0-\x3f][\s\S]{2}[\x01\x06\x09\x21\x25\x27\x28\x41\x45\x61\x65\x67\x68]"),
    ),
    _Codec(
        "video/h265",
        re.compile(rb"\0\0[\0\1][\s\S]\x40\x01\x0c"),
        re.compile(rb"\0[\0-\x3f][\s\S]{2}[\x00\x02\x10\x12\x26\x28\x2a\x40\x42\x44\x46\x4e]\x01"),
    ),
)


def find_video(film: bytes) -> FoundVideo | None:
    """Return the coded video of a film without its index, or None if its parameters are lost, too."""
    begin = film.find(b"mdat") + _LENGTH
    for codec in _CODECS if begin >= _LENGTH else ():
        if first := codec.parameters.search(film, begin):
            units = list(_units(film, first.start(), codec.unit))
            size = sum(len(unit) + _LENGTH for unit in units)
            percent = max(1, min(99, 100 * size // (len(film) - begin)))
            return FoundVideo(codec.mime, b"".join(_START + unit for unit in units), percent)
    return None


def _units(film: bytes, at: int, unit: re.Pattern[bytes]) -> Iterator[bytes]:
    while found := unit.search(film, at):
        at = found.start()
        length = int.from_bytes(film[at : at + _LENGTH])
        body = film[at + _LENGTH : at + _LENGTH + length]
        if _SHORTEST <= length <= _LONGEST and len(body) == length and not _STOPS.search(body.rstrip(b"\0")):
            yield body
            at += _LENGTH + length
        else:
            at += 1


class SalvagingRemux:
    """Cleans recordings by remuxing, and salvages the pictures of films without an index."""

    mimes = RemuxScrubber.mimes

    def __init__(self) -> None:
        self._remux = RemuxScrubber()
        self._converters = {mime: ConversionScrubber(mime) for mime in CONVERTED}  # the sandbox can't find a program
        self.ffmpeg = self._remux.ffmpeg

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            return self._remux.scrub(source, target, limits)
        except Unclean as unclean:
            if unclean.reason != "damaged" or CONTAINERS[sniff_file(source)].demuxer != "mov":
                raise
            return self._salvage(source, target, limits)

    def _salvage(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the pictures of the film without its sound, because the parameters of the sound are lost."""
        film = source.read_bytes()
        found = find_video(film) if b"moov" not in film else None
        if found is None:
            raise Unclean("damaged")
        coded = source.with_name(f"{source.name}.coded")
        coded.write_bytes(found.data)
        made = self._converters[found.mime].scrub(coded, target, limits)
        return Cleaned(made, readable=found.percent, left_out=("sound-tracks",))
