"""What a photograph tells of whoever took it, for the page to show: before cleaning, and after."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import ExifTags, Image, UnidentifiedImageError

_NAMED = (ExifTags.Base.Model, ExifTags.Base.Artist)
_DEEPER = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.BodySerialNumber)


def traces(data: bytes) -> tuple[str, ...]:
    """Give the place, device, owner, time and serial number that stand in a picture's EXIF; nothing if it has none."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return tuple(_found(image.getexif()))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return ()


def _found(exif: Image.Exif) -> Iterator[str]:
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if ExifTags.GPS.GPSLatitude in place and ExifTags.GPS.GPSLongitude in place:
        latitude, longitude = place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLongitude]
        yield f"GPS {_degrees(latitude):.5f}, {_degrees(longitude):.5f}"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for ifd, tags in ((exif, _NAMED), (inner, _DEEPER)):
        yield from (str(ifd[tag]) for tag in tags if tag in ifd)


def _degrees(parts: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = parts
    return float(degrees + minutes / 60 + seconds / 3600)
