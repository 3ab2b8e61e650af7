"""Where and when a picture or film was taken, as the file itself says: numbers, read before they are cleaned away.

Whether an officer ever sees them is the tipster's to say; see `satark.store.evidence_files`.
Read in the cleaning child, and believed by the worker only as numbers within their bounds.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import imageio_ffmpeg
import msgspec
from PIL import Image

from satark.evidence.images.decode import open_image
from satark.evidence.recordings.remux import SAFELY, demuxer
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean
from satark.tip import Origin

if TYPE_CHECKING:
    from satark.limits import Limits

ORIGIN_JOB: Final = "where and when"
"""What the sandbox is asked for: the name of a job, in the place of a type of file."""
MIME: Final = "application/json"
MAX_BYTES: Final = 500
"""Bytes of the answer that the worker reads."""

_FORMATS = ("JPEG", "HEIF", "AVIF", "TIFF", "PNG", "WEBP")
# CIPA DC-008 section 4.6.
_DETAILS, _PLACE, _TAKEN, _CHANGED = 0x8769, 0x8825, 0x9003, 0x0132
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)")
_REPORT = re.compile(rb"(?:location|com\.apple\.quicktime\.location\.ISO6709) *: ([+-]\d+\.\d+)([+-]\d+\.\d+)")
_CREATED = re.compile(rb"(?:com\.apple\.quicktime\.creationdate|creation_time) *: (\S{16,40})")
_NEVER = ("1904-", "1970-")


class OriginReader:
    """Reads where and when."""

    mimes = frozenset({ORIGIN_JOB})

    def __init__(self, ffmpeg: str = "") -> None:
        self.ffmpeg = str(Path(ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()).resolve())

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write it as JSON; see `Scrubber`.

        Raises:
            Unclean: the file says neither.
        """
        mime = sniff_file(source)
        found = _of_picture(source, limits) if mime.startswith("image/") else self._of_film(source, mime)
        if found is None:
            raise Unclean("unknown")
        target.write_bytes(msgspec.json.encode(found))
        return MIME

    def _of_film(self, source: Path, mime: str) -> Origin | None:
        command = [self.ffmpeg, *SAFELY, "-v", "info", "-f", demuxer(mime), "-i", f"file:{source}"]
        report = subprocess.run(command, env={}, capture_output=True, check=False).stderr  # noqa: S603 - as in media
        place, created = _REPORT.search(report), _CREATED.search(report)
        spot = (float(place[1]), float(place[2])) if place else None
        return _origin(spot, created[1].decode(errors="replace") if created else "")


def parse_origin(answer: bytes) -> Origin | None:
    """Believe an answer of the child as far as it is numbers within their bounds."""
    try:
        found = msgspec.json.decode(answer[:MAX_BYTES], type=Origin)
    except msgspec.MsgspecError:
        return None
    spot = None if found.latitude is None or found.longitude is None else (found.latitude, found.longitude)
    return _origin(spot, found.taken)


def _of_picture(source: Path, limits: Limits) -> Origin | None:
    with open_image(source, limits, _FORMATS) as picture:
        exif = picture.getexif()
        taken = exif.get_ifd(_DETAILS).get(_TAKEN) or exif.get(_CHANGED) or ""
        return _origin(_spot(exif), str(taken))


def _spot(exif: Image.Exif) -> tuple[float, float] | None:
    place = exif.get_ifd(_PLACE)
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


def _origin(spot: tuple[float, float] | None, when: str) -> Origin | None:
    found = _DATE.match(when)
    taken = "{}-{}-{}T{}:{}".format(*found.groups()) if found and not when.startswith(_NEVER) else ""
    if spot is not None and not (abs(spot[0]) <= 90 and abs(spot[1]) <= 180 and spot != (0.0, 0.0)):  # noqa: PLR2004
        spot = None
    if spot is None and not taken:
        return None
    return Origin(
        latitude=round(spot[0], 6) if spot else None, longitude=round(spot[1], 6) if spot else None, taken=taken
    )
