"""Reads where and when a picture or video was taken from its metadata, before the metadata is removed.

`OriginReader` runs in the sandbox. `satark_files.origin` accepts only numbers within their bounds from it.
"""

import re
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image

from satark_files.images.decode import open_image
from satark_files.limits import Limits
from satark_files.origin import Origin, make_origin
from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import container_of
from satark_files.scrubber import ORIGIN_JOB, Unclean
from satark_files.sniff import sniff_file

_MIME: Final = "application/json"

_FORMATS = ("JPEG", "HEIF", "AVIF", "TIFF", "PNG", "WEBP")
# Exif tags: CIPA DC-008 section 4.6.
_EXIF_IFD, _GPS_IFD, _DATE_TIME_ORIGINAL, _DATE_TIME = 0x8769, 0x8825, 0x9003, 0x0132
_LOCATION = re.compile(rb"(?:location|com\.apple\.quicktime\.location\.ISO6709) *: ([+-]\d+\.\d+)([+-]\d+\.\d+)")
_CREATED = re.compile(rb"(?:com\.apple\.quicktime\.creationdate|creation_time) *: (\S{16,40})")


class OriginReader:
    """Reads where and when a file was taken."""

    mimes = frozenset({ORIGIN_JOB})

    def __init__(self) -> None:
        self.ffmpeg = ffmpeg.find_program()

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the origin to `target` as JSON; see `Scrubber`.

        Raises:
            Unclean: the file has neither place nor time.
        """
        mime = sniff_file(source)
        found = _of_image(source, limits) if mime.startswith("image/") else self._of_video(source, mime)
        if found is None:
            raise Unclean("unknown")
        target.write_bytes(msgspec.json.encode(found))
        return _MIME

    def _of_video(self, source: Path, mime: str) -> Origin | None:
        report = ffmpeg.describe(self.ffmpeg, container_of(mime), source)
        place, created = _LOCATION.search(report), _CREATED.search(report)
        position = (float(place[1]), float(place[2])) if place else None
        return make_origin(position, created[1].decode(errors="replace") if created else "")


def _of_image(source: Path, limits: Limits) -> Origin | None:
    with open_image(source, limits, _FORMATS, reduced=True) as picture:
        exif = picture.getexif()
        taken = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME) or ""
        return make_origin(_position(exif), str(taken))


def _position(exif: Image.Exif) -> tuple[float, float] | None:
    place = exif.get_ifd(_GPS_IFD)
    try:
        north, east = (_degrees(place[number]) for number in (2, 4))
        return (-north if place.get(1) == "S" else north, -east if place.get(3) == "W" else east)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _degrees(parts: object) -> float:
    if not isinstance(parts, tuple) or len(parts) != 3:  # noqa: PLR2004 - degrees, minutes, seconds
        raise ValueError("not an angle")
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
