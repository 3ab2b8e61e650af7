"""Salvages the pictures of films whose index (`moov`) was never written, as when a camera loses its power.

The index has the place of every picture. The films of most phones have their parameters in the index only; without the
parameters nothing decodes, so nothing of these films can be shown. Dash cameras, CCTV and films for streaming repeat
the parameters among the pictures; in these, each unit is found by the length before it. A unit holds no bytes that look
like a start code (ITU-T H.264 and H.265, section 7.4.1), which distinguishes units from the sound between them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from satark_files.limits import Limits
from satark_files.recordings.ffmpeg import CONTAINERS
from satark_files.recordings.rare_containers import CONVERTED, ConversionScrubber
from satark_files.recordings.remux import RemuxScrubber
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file

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
    """Percent of the file that the video is, at least 1."""


class _Codec(msgspec.Struct, frozen=True):
    mime: str
    parameters: re.Pattern[bytes]
    """The first set of parameters, with the length before it."""
    unit: re.Pattern[bytes]
    """A length, and the first bytes of any unit."""


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
