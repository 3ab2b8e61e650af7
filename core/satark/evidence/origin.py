"""Reads from its metadata where and when a picture or video was taken, before the metadata is removed.

The tipster decides whether an officer ever sees it; see `satark.store.evidence_files`. `OriginReader` runs in the
sandbox; the worker accepts its answer only as numbers within their bounds (`parse_origin`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
from PIL import Image

from satark.decoding import DECODING_ERRORS
from satark.evidence.images.decode import open_image
from satark.evidence.recordings import ffmpeg
from satark.evidence.recordings.ffmpeg import container_of
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean
from satark.tip import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from satark.limits import Limits

ORIGIN_JOB: Final = "where and when"
"""The name of this job in the sandbox, in place of a MIME type."""
MIME: Final = "application/json"
MAX_BYTES: Final = 500
"""Most bytes of the answer that the worker reads."""

_FORMATS = ("JPEG", "HEIF", "AVIF", "TIFF", "PNG", "WEBP")
# Exif tags: CIPA DC-008 section 4.6.
_EXIF_IFD, _GPS_IFD, _DATE_TIME_ORIGINAL, _DATE_TIME = 0x8769, 0x8825, 0x9003, 0x0132
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)")
_LOCATION = re.compile(rb"(?:location|com\.apple\.quicktime\.location\.ISO6709) *: ([+-]\d+\.\d+)([+-]\d+\.\d+)")
_CREATED = re.compile(rb"(?:com\.apple\.quicktime\.creationdate|creation_time) *: (\S{16,40})")
_UNSET_DATES = ("1904-", "1970-")


class OriginReader:
    """Reads where and when a file was taken."""

    mimes = frozenset({ORIGIN_JOB})

    def __init__(self, program: str = "") -> None:
        self.ffmpeg = ffmpeg.find_program(program)

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
        return MIME

    def _of_video(self, source: Path, mime: str) -> Origin | None:
        report = ffmpeg.describe(self.ffmpeg, container_of(mime), source)
        place, created = _LOCATION.search(report), _CREATED.search(report)
        position = (float(place[1]), float(place[2])) if place else None
        return _origin(position, created[1].decode(errors="replace") if created else "")


def parse_origin(answer: bytes) -> Origin | None:
    """Parse an answer of the sandbox; None where it is not an origin with numbers within their bounds."""
    try:
        found = msgspec.json.decode(answer[:MAX_BYTES], type=Origin)
    except DECODING_ERRORS:
        return None
    position = None if found.latitude is None or found.longitude is None else (found.latitude, found.longitude)
    return _origin(position, found.taken)


def _of_image(source: Path, limits: Limits) -> Origin | None:
    with open_image(source, limits, _FORMATS) as picture:
        exif = picture.getexif()
        taken = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME) or ""
        return _origin(_position(exif), str(taken))


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


def _origin(position: tuple[float, float] | None, when: str) -> Origin | None:
    found = _DATE.match(when)
    taken = "{}-{}-{}T{}:{}".format(*found.groups()) if found and not when.startswith(_UNSET_DATES) else ""
    if position is not None and not (abs(position[0]) <= 90 and abs(position[1]) <= 180 and position != (0.0, 0.0)):  # noqa: PLR2004
        position = None
    if position is None and not taken:
        return None
    return Origin(
        latitude=round(position[0], 6) if position else None,
        longitude=round(position[1], 6) if position else None,
        taken=taken,
    )
