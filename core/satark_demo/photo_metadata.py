"""Identifying metadata of a photo, which the page shows as sent and after cleaning."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import ExifTags, Image, UnidentifiedImageError

_MAIN_TAGS = (ExifTags.Base.Model, ExifTags.Base.Artist)
_EXIF_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.BodySerialNumber)


def identifying_metadata(data: bytes) -> tuple[str, ...]:
    """Return place, device, owner, time and serial number from a picture's EXIF, or an empty tuple without any."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return tuple(_entries(image.getexif()))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return ()


def _entries(exif: Image.Exif) -> Iterator[str]:
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if ExifTags.GPS.GPSLatitude in place and ExifTags.GPS.GPSLongitude in place:
        latitude, longitude = place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLongitude]
        yield f"GPS {_degrees(latitude):.5f}, {_degrees(longitude):.5f}"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for ifd, tags in ((exif, _MAIN_TAGS), (inner, _EXIF_TAGS)):
        yield from (str(ifd[tag]) for tag in tags if tag in ifd)


def _degrees(parts: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = parts
    return float(degrees + minutes / 60 + seconds / 3600)
