"""Moves recordings that have no usual container into one, and leaves the rest to `remux`.

Coded video without a container, and video in the containers of CCTV recorders, is moved into MP4 or QuickTime without
loss: the coded pictures must be the same before and after. The recorder's own clock and channel names are left out.
Sound in rare containers, where bytes can hide between its frames, is decoded and written as FLAC.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.recordings.preparation import percent_present
from satark_files.recordings.remux import RemuxScrubber
from satark_files.scrubber import Cleaned, Unclean


class _Conversion(msgspec.Struct, frozen=True):
    demuxer: str
    muxer: str
    pictures: str = ""
    """Filters that keep only the coded pictures, in one form for every container; empty for sound, which is decoded."""
    options: tuple[str, ...] = ()


# ITU-T H.264 table 7-1 and H.265 table 7-1: the units that hold coded pictures.
_H264: Final = "h264_mp4toannexb,filter_units=pass_types=1-5"
_H265: Final = "hevc_mp4toannexb,filter_units=pass_types=0-9|16-21"
_CODECS: Final[Mapping[bytes, str]] = {b"h264": _H264, b"hevc": _H265}
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
        if self._conversion.demuxer in _CUTS:
            cut = source.with_name(f"{source.name}.cut")
            cut.write_bytes(_CUTS[self._conversion.demuxer](source.read_bytes()))
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
        """Move the streams into the other container, and check that the coded pictures stay as they are."""
        streams = ("-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-c", "copy")
        self._run("error", *read, *streams, *self._conversion.options, "-f", self._conversion.muxer, f"file:{moved}")
        written = ("-f", "mov", "-i", f"file:{moved}")
        if self._pictures(read) != self._pictures(written):
            raise Unclean("damaged")

    def _pictures(self, read: tuple[str, ...]) -> bytes:
        """Return a hash of only the coded pictures."""
        report = ffmpeg.run(self.ffmpeg, "info", *read, "-map", "0:V:0", "-c", "copy", "-f", "null", "pipe:1")[1]
        codec = next((filters for name, filters in _CODECS.items() if b"Video: " + name in report), "null")
        filters = self._conversion.pictures if self._conversion.pictures != _ANY else codec
        return self._run("error", *read, "-map", "0:V:0", "-c", "copy", "-bsf:v", filters, "-f", "streamhash", "-")[0]


def _without_last_unit(video: bytes) -> bytes:
    """Remove the last unit of coded video without a container: bytes that were appended to it can't be told from it.

    Raises:
        Unclean: there is only one unit.
    """
    last = video.rfind(_UNIT)
    if last <= 0:
        raise Unclean("damaged")
    return video[:last].rstrip(b"\0")


_CUTS: Final = {"h264": _without_last_unit, "hevc": _without_last_unit}
"""Demuxer → the function that removes, before ffmpeg reads a file, the bytes that ffmpeg would copy."""


CONVERTED: Final = tuple(_CONVERSIONS)
"""The MIME types that are converted."""
